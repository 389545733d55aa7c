using System.Diagnostics;
using System.Text.Json.Nodes;
using OpdCode.Distillation;
using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Bench.Waiting;

/// <summary>
/// What recording token feedback costs a training step: two runs of one seed make the same steps in turn, one of them
/// recording. Counted in processor time. Once with a step of as many rollouts as a recipe has by itself, of which the usual
/// part is recorded; once with a step that is recorded as a whole.
/// </summary>
/// <param name="folder">Where to write models and runs.</param>
internal sealed class RecordingCost(string folder)
{
    private const int Steps = 15; // the first is for loading code
    private static readonly RecordRecipe s_usual = new();
    private static readonly BenchShape s_student = BenchShape.Student with { Vocabulary = 32_000 };

    /// <summary>The cost of a recorded step, and of a run's steps with the usual setting.</summary>
    public IEnumerable<DaemonFigure> Measure(CancellationToken cancel)
    {
        TorchRuntime.EnsureLoaded();
        WriteModel("student", 1);
        WriteModel("teacher", 2);
        File.WriteAllLines(Path.Combine(folder, "train.jsonl"), Enumerable.Range(0, 64).Select(i => $$"""{"prompt":"How much is {{i}} and {{i * 7}}?"}"""));
        int usual = new RolloutRecipe().PromptsPerStep;
        foreach (int rollouts in (int[])[usual, s_usual.Rollouts])
        {
            List<double> costs = Measure(rollouts, cancel);
            string which = $"recording {s_usual.Rollouts} of {rollouts} rollouts";
            yield return DaemonFigure.Of($"{which}, a step that records", "%", null, costs);
            yield return DaemonFigure.Of($"{which}, of all steps at record.every {s_usual.Every}", "%", rollouts == usual ? 3 : null, [.. costs.Select(c => c / s_usual.Every)]);
        }
    }

    private List<double> Measure(int rollouts, CancellationToken cancel)
    {
        using DistillationSession without = Open(rollouts, 0), with = Open(rollouts, 1);
        using IEnumerator<StepReport> plain = without.Run(cancel).GetEnumerator(), recorded = with.Run(cancel).GetEnumerator();
        var costs = new List<double>();
        for (int step = 1; step <= Steps; step++)
        {
            // In turn, and each first every other time: what the first warms is warm for the second.
            double a, b;
            if (step % 2 == 0) (a, b) = (Next(without, plain), Next(with, recorded));
            else (b, a) = (Next(with, recorded), Next(without, plain));
            if (step > 1) costs.Add(100 * (b - a) / a);
        }
        return costs;
    }

    // Processor time, of all threads: what else the machine does is not in it, and what is written beside the loop is.
    private static double Next(DistillationSession session, IEnumerator<StepReport> steps)
    {
        using var process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        steps.MoveNext();
        session.Settle();
        process.Refresh();
        return (process.TotalProcessorTime - before).TotalMilliseconds;
    }

    private DistillationSession Open(int rollouts, int every) => DistillationSession.Open(RecipeReader.Parse($$"""
        {
          "version": 1, "student": { "model": "student" }, "signal": { "kind": "teacher", "model": "teacher" }, "objective": { "kind": "divergence", "divergence": "reverse-kl" },
          "data": { "train": "train.jsonl", "format": "plain" }, "rollout": { "promptsPerStep": {{rollouts}}, "maxNewTokens": 64 }, "steps": {{Steps + 1}}, "device": "cpu",
          "record": { "every": {{every}}, "rollouts": {{s_usual.Rollouts}}, "tensorboard": false }, "checkpoint": { "every": 0 }
        }
        """, Path.Combine(folder, "bench.opd.json")), Path.Combine(folder, $"{rollouts}-{every}"), TimeProvider.System);

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
            ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = 256, ["content"] = "<|end|>", ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true }),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = bytes, ["merges"] = new JsonArray() },
        }.ToJsonString());
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), """{"eos_token":"<|end|>"}""");
        File.WriteAllText(Path.Combine(model, "config.json"), s_student.ConfigText(endId: 256));
        using LanguageModel random = LanguageModel.FromScratch(model, torch.CPU, seed);
        random.Save(model, WeightType.Float32);
    }
}
