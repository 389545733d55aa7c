using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpdCode.Recipes.Methods;

/// <summary>Writes a new recipe with comments that say what each setting does to the result.</summary>
public static class RecipeTemplate
{
    /// <summary>The text of a recipe that is valid as it stands, once the paths in it are filled.</summary>
    /// <param name="method">The method to name in it; null for plain on-policy distillation with every axis spelled out.</param>
    public static string Write(MethodPreset? method)
    {
        bool isSupervised = method?.Settings["objective"]?["kind"]?.GetValue<string>() == "supervised";
        StringBuilder text = new();
        text.Append("// An OpdCode recipe. Paths are relative to this file. Ctrl+Space lists settings, hovering explains them.\n");
        text.Append("// Check it with: opdcode validate FILE --preflight     Run it with: opdcode run FILE\n");
        text.Append("{\n  \"version\": 1,\n\n");
        if (method is not null)
        {
            text.Append($"  // {method.Title} ({method.Year}, {method.Url}).\n");
            foreach (string line in Wrap(method.Summary)) text.Append($"  // {line}\n");
            text.Append("  // `opdcode resolve` shows the settings it stands for; what is written here wins over them.\n");
            text.Append($"  \"method\": {JsonSerializer.Serialize(method.Name)},\n\n");
        }
        text.Append(isSupervised ? "  // The model that learns.\n" : "  // The model that writes and learns.\n");
        text.Append("  \"student\": {\n    \"model\": \"../models/student\"\n    // , \"lora\": { \"r\": 16 } // train a low-rank adapter: far less memory, a little less fit\n  },\n\n");
        // A method with a teacher names none: that is the user's.
        if (!isSupervised && (method?.Settings["signal"] is not { } signal || signal["kind"]?.GetValue<string>() == "teacher"))
        {
            text.Append("  // The model that judges every token. It must share the student's tokenizer.\n");
            text.Append("  \"signal\": { \"kind\": \"teacher\", \"model\": \"../models/teacher\" },\n\n");
        }
        if (method is null)
        {
            text.Append("  // What is minimised at every token: KL(student‖teacher), which seeks the teacher's modes.\n");
            text.Append("  \"objective\": { \"kind\": \"divergence\", \"divergence\": \"reverse-kl\" },\n\n");
        }
        text.Append(isSupervised
            ? "  // One JSON object a line with \"prompt\" and \"completion\".\n"
            : "  // One JSON object a line with \"prompt\" (or \"messages\").\n");
        text.Append("  \"data\": { \"train\": \"prompts.jsonl\" },\n\n");
        WriteScale(text, method, isSupervised);
        text.Append("  \"steps\": 100\n\n");
        text.Append("  // Greedy answers to held-out prompts, compared with their \"answer\".\n");
        text.Append("  // , \"evaluate\": { \"data\": \"heldout.jsonl\", \"every\": 25 }\n}\n");
        return text.ToString();
    }

    private static void WriteScale(StringBuilder text, MethodPreset? method, bool isSupervised)
    {
        text.Append("  \"rollout\": {\n");
        text.Append("    \"promptsPerStep\": 32").Append(isSupervised ? "" : ",").Append(" // higher: steadier steps, more time for each\n");
        if (!isSupervised)
        {
            if (method?.Settings["rollout"] is not JsonObject rollout || !rollout.ContainsKey("samplesPerPrompt"))
                text.Append("    \"samplesPerPrompt\": 1, // higher: more is learned from each prompt\n");
            text.Append("    \"maxNewTokens\": 256 // too low cuts answers off; then the end is never learned\n");
        }
        text.Append("  },\n");
        text.Append("  \"optimizer\": {\n    \"learningRate\": 1e-5, // full weights: 1e-6 to 5e-5; LoRA: about 1e-4\n");
        text.Append("    \"warmupSteps\": 5,\n    \"schedule\": \"constant\"\n  },\n");
    }

    private static IEnumerable<string> Wrap(string text)
    {
        StringBuilder line = new();
        foreach (string word in text.Split(' '))
        {
            if (line.Length + word.Length > 100)
            {
                yield return line.ToString();
                line.Clear();
            }
            if (line.Length > 0) line.Append(' ');
            line.Append(word);
        }
        yield return line.ToString();
    }
}
