using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Distillation;
using OpdCode.Models;
using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Bench;

/// <summary>Real runs of a student and a teacher with random weights, files and all.</summary>
/// <param name="folder">Where to write models and runs.</param>
/// <param name="shape">Of both models; at least 257 tokens.</param>
internal sealed class BenchRun(string folder, BenchShape shape)
{
    private const int End = 256; // behind the bytes

    /// <summary>Writes models and data.</summary>
    public void Write()
    {
        TorchRuntime.EnsureLoaded();
        WriteModel("student", 1);
        WriteModel("teacher", 2);
        File.WriteAllLines(Path.Combine(folder, "train.jsonl"), Enumerable.Range(0, 64).Select(i => $$"""{"prompt":"How much is {{i}} and {{i * 7}}?"}"""));
    }

    /// <summary>Opens a run under full reverse KL, with responses of at most 64 tokens.</summary>
    /// <param name="name">Of its folder.</param>
    /// <param name="rollouts">Of a step.</param>
    /// <param name="steps">Of the run.</param>
    /// <param name="record">What it records.</param>
    /// <param name="checkpointEvery">Steps between checkpoints; 0: only after the last.</param>
    public DistillationSession Open(string name, int rollouts, int steps, RecordRecipe record, int checkpointEvery) => DistillationSession.Open(RecipeReader.Parse($$"""
        {
          "version": 1, "student": { "model": "student" }, "signal": { "kind": "teacher", "model": "teacher" }, "objective": { "kind": "divergence", "divergence": "reverse-kl" },
          "data": { "train": "train.jsonl", "format": "plain" }, "rollout": { "promptsPerStep": {{rollouts}}, "maxNewTokens": 64 }, "steps": {{steps}}, "device": "cpu",
          "record": { "every": {{record.Every}}, "rollouts": {{record.Rollouts}}, "tensorboard": {{JsonSerializer.Serialize(record.Tensorboard)}} }, "checkpoint": { "every": {{checkpointEvery}}, "keep": 1 }
        }
        """, Path.Combine(folder, "bench.opd.json")), Path.Combine(folder, name), TimeProvider.System);

    // Random weights, and a tokenizer of the 256 bytes and an end.
    private void WriteModel(string name, long seed)
    {
        string model = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        var bytes = new JsonObject();
        int others = 256;
        for (int b = 0; b < 256; b++)
        {
            // Byte-level tokenizers write a byte as the character of its number where that can be seen, else as one from 256 on.
            bool isSeen = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            bytes[((char)(isSeen ? b : others++)).ToString()] = b;
        }
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = End, ["content"] = "<|end|>", ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true }),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = bytes, ["merges"] = new JsonArray() },
        }.ToJsonString());
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), """{"eos_token":"<|end|>"}""");
        File.WriteAllText(Path.Combine(model, "config.json"), (shape with { Vocabulary = Math.Max(shape.Vocabulary, End + 1) }).ConfigText(End));
        using LanguageModel random = LanguageModel.FromScratch(model, torch.CPU, seed);
        random.Save(model, WeightType.Float32);
    }
}
