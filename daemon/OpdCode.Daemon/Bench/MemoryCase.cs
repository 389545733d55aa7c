using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Models;
using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using OpdCode.Recipes;

namespace OpdCode.Daemon.Bench;

/// <summary>
/// A run whose peak memory is compared with the estimate: models of random weights that never end a response, so that
/// every response is as long as the estimate assumes.
/// </summary>
/// <param name="Name">What it is about.</param>
/// <param name="Student">Shape of the student.</param>
/// <param name="Teacher">Shape of the teacher; null for a recipe without one.</param>
/// <param name="PromptTokens">Tokens of every prompt.</param>
/// <param name="Settings">What the recipe says besides, as overrides.</param>
internal sealed record MemoryCase(string Name, BenchShape Student, BenchShape? Teacher, int PromptTokens, params string[] Settings)
{
    /// <summary>The configurations that the accuracy of the estimate is stated for.</summary>
    public static IReadOnlyList<MemoryCase> All { get; } =
    [
        new("full weights, float32", new(512, 8, 8, 4, 1408, 32_000), new(768, 8, 12, 4, 2048, 32_000), 64,
            "rollout.promptsPerStep=8", "rollout.samplesPerPrompt=2", "rollout.maxNewTokens=96"),
        new("adapter on a larger model", new(768, 12, 12, 12, 2048, 32_000), new(512, 8, 8, 4, 1408, 32_000), 48,
            "student.lora={\"r\": 16}", "rollout.promptsPerStep=16", "rollout.maxNewTokens=80"),
        new("full weights, bfloat16", new(512, 10, 8, 4, 1408, 32_000), new(512, 8, 8, 4, 1408, 32_000), 64,
            "student.type=bfloat16", "signal.type=bfloat16", "rollout.promptsPerStep=8", "rollout.samplesPerPrompt=2", "rollout.maxNewTokens=96"),
        new("long answers, checkpointed", new(384, 12, 6, 6, 1024, 8_000), new(512, 8, 8, 8, 1408, 8_000), 32,
            "optimizer.activationCheckpointing=true", "rollout.promptsPerStep=8", "rollout.maxNewTokens=512"),
        new("vocabulary of 151,936", new(256, 4, 4, 2, 704, 151_936), new(384, 4, 6, 2, 1024, 151_936), 32,
            "rollout.promptsPerStep=16", "rollout.maxNewTokens=48"),
        new("256 rollouts in micro-batches", new(256, 6, 4, 2, 704, 16_000), new(512, 6, 8, 4, 1408, 16_000), 64,
            "optimizer.microBatch=64", "rollout.promptsPerStep=64", "rollout.samplesPerPrompt=4", "rollout.maxNewTokens=128"),
        new("supervised", new(512, 8, 8, 8, 1408, 16_000), null, 64,
            "objective={\"kind\": \"supervised\"}", "rollout.promptsPerStep=24", "rollout.maxNewTokens=160"),
        new("judged by its own average", new(512, 6, 8, 4, 1408, 32_000), null, 64,
            "signal={\"kind\": \"self\", \"weights\": \"ema\", \"context\": {\"kind\": \"template\", \"text\": \"{completion}{prompt}\"}}",
            "rollout.promptsPerStep=8", "rollout.maxNewTokens=96"),
    ];

    /// <summary>Writes models without weights, data and recipe into a folder: all that a preflight reads.</summary>
    /// <returns>The recipe.</returns>
    public RecipeReading Write(string folder)
    {
        WriteModel(Path.Combine(folder, "student"), Student);
        if (Teacher is not null) WriteModel(Path.Combine(folder, "teacher"), Teacher);
        // Every letter is a token. Rollouts compared by a hash of their prompt must not be repetitions.
        IEnumerable<string> lines = Enumerable.Range(0, 128).Select(i => JsonSerializer.Serialize(new
        {
            prompt = string.Concat(Enumerable.Range(0, PromptTokens).Select(at => (i >> (at % 7) & 1) == 1 ? 'a' : 'b')),
            completion = new string('c', 159),
        }));
        File.WriteAllLines(Path.Combine(folder, "prompts.jsonl"), lines);
        string recipe = """
            {
              "version": 1,
              "student": { "model": "student" },
              "objective": { "kind": "divergence" },
              "data": { "train": "prompts.jsonl", "format": "plain" },
              "steps": 2,
              "device": "cpu"
            }
            """;
        string[] settings = Teacher is null ? Settings : [.. Settings.Prepend("signal={\"kind\": \"teacher\", \"model\": \"teacher\"}")];
        RecipeReading reading = RecipeReader.Parse(recipe, Path.Combine(folder, "memory.opd.json"), settings);
        if (reading.Recipe is null) throw new InvalidOperationException($"{Name}: {reading.Problems[0].Message}");
        File.WriteAllText(Path.Combine(folder, "memory.opd.json"), OpdCode.Recipes.Resolving.RecipeResolver.Resolve(reading, folder).Text);
        return reading;
    }

    private static void WriteModel(string folder, BenchShape shape)
    {
        Directory.CreateDirectory(folder);
        JsonObject vocabulary = [];
        for (int i = 0; i < shape.Vocabulary; i++) vocabulary[i < 26 ? $"{(char)('a' + i)}" : $"#{i}"] = i;
        JsonObject tokenizer = new()
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = false },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "config.json"), shape.Config().Source.ToJsonString());
    }

    /// <summary>Adds random weights, so that the run can be done.</summary>
    /// <param name="folder">What <see cref="Write"/> wrote.</param>
    public static void WriteWeights(string folder)
    {
        foreach (string config in Directory.GetFiles(folder, "config.json", SearchOption.AllDirectories))
        {
            string model = Path.GetDirectoryName(config)!;
            using LanguageModel random = LanguageModel.FromScratch(model, ComputeDevice.Resolve("cpu"), seed: 1);
            random.Save(model, WeightType.Float32);
        }
    }
}
