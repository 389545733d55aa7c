using System.Text.Json.Nodes;
using OpdCode.Models;
using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using TorchSharp;

namespace OpdCode.Distillation.Tests;

/// <summary>Tiny model folders over the byte tokenizer, and recipes that run on them in a second.</summary>
internal static class ToyModels
{
    private static string Fixtures
    {
        get
        {
            DirectoryInfo? up = new(AppContext.BaseDirectory);
            while (up is not null && !File.Exists(Path.Combine(up.FullName, "OpdCode.sln"))) up = up.Parent;
            return Path.Combine(up!.FullName, "tests", "fixtures");
        }
    }

    /// <summary>A folder that removes itself.</summary>
    public sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("opdcode-test-").FullName;

        public string File(string name) => System.IO.Path.Combine(Path, name);

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }

    /// <summary>Writes a model folder with random weights.</summary>
    public static string Write(string folder, long seed, int hidden = 32, int layers = 2, double gain = 1, int context = 64)
    {
        TorchRuntime.EnsureLoaded();
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Fixtures, "tokenizers", "bytes")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray("LlamaForCausalLM"), ["model_type"] = "llama", ["vocab_size"] = 262, ["hidden_size"] = hidden,
            ["intermediate_size"] = 2 * hidden, ["num_hidden_layers"] = layers, ["num_attention_heads"] = 4, ["num_key_value_heads"] = 2,
            ["max_position_embeddings"] = context, ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 10000.0, ["tie_word_embeddings"] = true, ["eos_token_id"] = 257,
        };
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        using LanguageModel model = LanguageModel.FromScratch(folder, torch.CPU, seed);
        using (torch.no_grad())
            if (gain != 1) model.Decoder.Weights.Values_P.narrow(0, 0, model.Decoder.Weights.DecayedCount).mul_(gain);
        model.Save(folder, WeightType.Float32);
        return folder;
    }

    /// <summary>A student, a teacher and twelve prompts in a folder, and the recipe that distils one into the other.</summary>
    public static string WriteRecipe(TemporaryFolder folder, string objective = """{"kind": "divergence", "divergence": "reverse-kl"}""", int steps = 6, string more = "")
    {
        Write(folder.File("student"), 1, gain: 4);
        Write(folder.File("teacher"), 2, hidden: 48, gain: 6);
        string lines = string.Concat(Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "{{new string('a', i % 5 + 1)}}{{i}}", "completion": "b{{i}}", "answer": "b{{i}}"}""" + "\n"));
        File.WriteAllText(folder.File("train.jsonl"), lines);
        string recipe = $$"""
            {
              "version": 1, "name": "toy",
              "student": { "model": "student" },
              "objective": {{objective}},
              "signal": { "kind": "teacher", "model": "teacher" },
              "data": { "train": "train.jsonl" },
              "rollout": { "promptsPerStep": 4, "maxNewTokens": 10 },
              "optimizer": { "learningRate": 0.003 },
              "steps": {{steps}},
              "evaluate": { "data": "train.jsonl", "count": 5 },
              "record": { "every": 2, "rollouts": 3 }{{more}}
            }
            """;
        File.WriteAllText(folder.File("toy.opd.json"), recipe);
        return folder.File("toy.opd.json");
    }
}
