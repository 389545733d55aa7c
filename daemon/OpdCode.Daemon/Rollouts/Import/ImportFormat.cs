using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts.Import;

/// <summary>
/// Reads the lines of other engines' token dumps. Arrays that mean what an array of a run folder means get its name;
/// others keep theirs and are shown as recorded.
/// </summary>
/// <remarks>
/// prime-rl writes one sequence a line, prompt included: <c>token_ids</c>, <c>loss_mask</c>, <c>trainer_logprobs</c>,
/// <c>inference_logprobs</c>, <c>advantages</c>, <c>entropy</c>, … TRL and ms-swift write prompts and completions, one a
/// line or columns of several; their log-probabilities are arrays beside the completion, or an object as chat servers answer.
/// </remarks>
internal static partial class ImportFormat
{
    private static readonly Dictionary<string, string> s_arrays = new()
    {
        ["loss_mask"] = "mask", ["completion_mask"] = "mask",
        ["trainer_logprobs"] = "studentLogprobs", ["student_logprobs"] = "studentLogprobs", ["logprobs"] = "studentLogprobs", ["per_token_logps"] = "studentLogprobs", ["old_per_token_logps"] = "studentLogprobs",
        ["inference_logprobs"] = "samplerLogprobs", ["sampling_logprobs"] = "samplerLogprobs", ["sampling_per_token_logps"] = "samplerLogprobs", ["rollout_logprobs"] = "samplerLogprobs",
        ["teacher_logprobs"] = "teacherLogprobs", ["ref_logprobs"] = "teacherLogprobs", ["teacher_per_token_logps"] = "teacherLogprobs", ["ref_per_token_logps"] = "teacherLogprobs",
        ["advantages"] = "advantage", ["entropy"] = "studentEntropy", ["entropies"] = "studentEntropy", ["teacher_entropy"] = "teacherEntropy",
        ["divergence"] = "divergence", ["loss"] = "loss", ["weights"] = "weight",
    };

    private static readonly string[] s_ids = ["token_ids", "completion_ids", "response_token_ids", "completion_token_ids"];
    private static readonly string[] s_texts = ["tokens", "token_texts"];
    private static readonly string[] s_responses = ["completion", "response", "completions", "output"];
    private static readonly string[] s_prompts = ["prompt", "messages", "prompts", "input"];

    /// <summary>The rows of a line: one, or as many as its columns hold.</summary>
    /// <param name="line">A JSON object.</param>
    /// <param name="format"><c>auto</c>, <c>prime-rl</c>, <c>trl</c> or <c>ms-swift</c>.</param>
    /// <param name="path">The file, whose folder may name the step.</param>
    /// <exception cref="JsonException">The line is not of the format.</exception>
    public static IEnumerable<ImportedRow> Read(string line, string format, string path)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object) throw new JsonException("an object was expected");
        bool isWhole = format == "prime-rl" || (format == "auto" && root.TryGetProperty("token_ids", out _) && root.TryGetProperty("loss_mask", out _));
        return [.. Rows(root).Select(row => Row(row, isWhole, path))];
    }

    // { "prompt": ["a", "b"], "completion": ["c", "d"] } is two rows.
    private static IEnumerable<Dictionary<string, JsonElement>> Rows(JsonElement root)
    {
        Dictionary<string, JsonElement> members = [];
        foreach (JsonProperty member in root.EnumerateObject()) members[member.Name] = member.Value;
        JsonElement? column = s_responses.Where(members.ContainsKey).Select(name => (JsonElement?)members[name]).FirstOrDefault(v => v!.Value.ValueKind == JsonValueKind.Array && v.Value.GetArrayLength() > 0 && v.Value[0].ValueKind == JsonValueKind.String);
        if (column is null)
        {
            yield return members;
            yield break;
        }
        int count = column.Value.GetArrayLength();
        for (int i = 0; i < count; i++)
            yield return members.ToDictionary(m => m.Key, m => m.Value.ValueKind == JsonValueKind.Array && m.Value.GetArrayLength() == count ? m.Value[i] : m.Value);
    }

    private static ImportedRow Row(Dictionary<string, JsonElement> members, bool isWhole, string path)
    {
        var row = new ImportedRow { Step = StepOf(members, path) };
        foreach (string name in s_ids)
            if (members.TryGetValue(name, out JsonElement ids) && ids.ValueKind == JsonValueKind.Array) row.Ids = [.. ids.EnumerateArray().Select(Whole)];
        foreach (string name in s_texts)
            if (members.TryGetValue(name, out JsonElement texts) && texts.ValueKind == JsonValueKind.Array) row.Texts = [.. texts.EnumerateArray().Select(t => t.GetString() ?? throw new JsonException($"\"{name}\" holds something that is no text"))];
        row.Response = s_responses.Where(members.ContainsKey).Select(name => TextOf(members[name])).FirstOrDefault(t => t is not null);
        row.Prompt = s_prompts.Where(members.ContainsKey).Select(name => TextOf(members[name])).FirstOrDefault(t => t is not null) ?? "";
        if (members.TryGetValue("reward", out JsonElement reward) && reward.ValueKind == JsonValueKind.Number) row.Reward = reward.GetDouble();
        foreach (string name in new[] { "solution", "answer", "ground_truth" })
            if (members.TryGetValue(name, out JsonElement reference)) row.Reference ??= TextOf(reference);
        if (members.TryGetValue("finish_reason", out JsonElement finish) && finish.ValueKind == JsonValueKind.String && finish.GetString() == "length") row.Finish = "length";
        if (members.TryGetValue("logprobs", out JsonElement chat) && chat.ValueKind == JsonValueKind.Object) ReadChat(chat, row);
        foreach ((string name, JsonElement value) in members)
            if (!s_ids.Contains(name) && NumbersOf(value) is { } numbers) row.Numbers[s_arrays.GetValueOrDefault(name, name)] = numbers;
        if (isWhole && row.Numbers.TryGetValue("mask", out double[]? mask)) row.PromptTokens = Math.Max(0, Array.FindIndex(mask, m => m != 0));
        // One advantage for the whole response is one for each of its tokens.
        if (members.TryGetValue("advantage", out JsonElement advantage) && advantage.ValueKind == JsonValueKind.Number && (row.Ids?.Length ?? row.Texts?.Length) is int count)
            row.Numbers.TryAdd("advantage", [.. Enumerable.Repeat(advantage.GetDouble(), count)]);
        return row;
    }

    private static int StepOf(Dictionary<string, JsonElement> members, string path)
    {
        foreach (string name in new[] { "step", "global_step" })
            if (members.TryGetValue(name, out JsonElement step) && step.ValueKind is JsonValueKind.Number or JsonValueKind.String
                && int.TryParse(step.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int number)) return number;
        Match folder = StepFolder().Match(path.Replace('\\', '/'));
        return folder.Success && int.TryParse(folder.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int named) ? named : 0;
    }

    // { "content": [{ "token": "a", "logprob": -0.1 }] }
    private static void ReadChat(JsonElement chat, ImportedRow row)
    {
        if (!chat.TryGetProperty("content", out JsonElement content) || content.ValueKind != JsonValueKind.Array) return;
        row.Texts ??= [.. content.EnumerateArray().Select(t => t.GetProperty("token").GetString()!)];
        row.Numbers["samplerLogprobs"] = [.. content.EnumerateArray().Select(t => t.GetProperty("logprob").GetDouble())];
    }

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        // A conversation: its turns, each with who speaks.
        JsonValueKind.Array when value.GetArrayLength() > 0 && value[0].ValueKind == JsonValueKind.Object =>
            string.Join("\n", value.EnumerateArray().Select(m => m.TryGetProperty("content", out JsonElement c) && c.ValueKind == JsonValueKind.String
                ? value.GetArrayLength() == 1 ? c.GetString() : $"{(m.TryGetProperty("role", out JsonElement r) ? r.ToString() : "?")}: {c.GetString()}" : "")),
        _ => null,
    };

    private static double[]? NumbersOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0) return null;
        var numbers = new double[value.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            switch (item.ValueKind)
            {
                case JsonValueKind.Number: numbers[i++] = item.GetDouble(); break;
                case JsonValueKind.True: numbers[i++] = 1; break;
                case JsonValueKind.False: numbers[i++] = 0; break;
                case JsonValueKind.Null: numbers[i++] = double.NaN; break;
                default: return null;
            }
        }
        return numbers;
    }

    private static int Whole(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id) ? id : throw new JsonException("token ids hold something that is no whole number");

    /// <summary>The formats that can be asked for.</summary>
    public static void Require(string format)
    {
        if (format is not ("auto" or "prime-rl" or "trl" or "ms-swift"))
            throw new OpdException(ErrorCodes.RequestInvalid, $"rollouts/import: format is \"{format}\"; it is auto, prime-rl, trl or ms-swift.");
    }

    [GeneratedRegex(@"step[_-](\d+)")]
    private static partial Regex StepFolder();
}
