using System.Text.Json;
using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests;

public sealed class DistillationSessionTests
{
    [Theory]
    [InlineData("""{"kind": "divergence", "divergence": "reverse-kl"}""")]
    [InlineData("""{"kind": "policy-gradient"}""")]
    [InlineData("""{"kind": "supervised"}""")]
    public void The_same_recipe_and_seed_give_the_same_weights_bit_for_bit(string objective)
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, objective);
        byte[] first = Weights(Run(recipe, folder.File("run-1"))), second = Weights(Run(recipe, folder.File("run-2")));
        Assert.Equal(first, second);
        Assert.NotEqual(first, File.ReadAllBytes(Path.Combine(folder.File("student"), "model.safetensors")));
        Assert.NotEqual(first, Weights(Run(recipe, folder.File("run-3"), "seed=2")));
    }

    [Theory]
    [InlineData("""{"kind": "group-reward", "estimator": "grpo", "distillation": {"coefficient": 1}}""")]
    [InlineData("""{"kind": "group-reward", "estimator": "dr-grpo", "maxLength": 10}""")]
    [InlineData("""{"kind": "group-reward", "estimator": "dapo"}""")]
    [InlineData("""{"kind": "preference"}""")]
    public void Objectives_of_groups_learn_from_rewards_and_micro_batches_change_nothing(string objective)
    {
        using var folder = new TemporaryFolder();
        // The reward: an "a" somewhere in the response. Random models write one now and then.
        string recipe = WriteRecipe(folder, objective, steps: 6, more: """, "rewards": [{"kind": "regex", "pattern": "[a-m]"}]""");
        string whole = Run(recipe, folder.File("run-1"), "rollout.samplesPerPrompt=4", "optimizer.learningRate=0.0001");
        string split = Run(recipe, folder.File("run-2"), "rollout.samplesPerPrompt=4", "optimizer.learningRate=0.0001", "optimizer.microBatch=5");
        StepMetrics[] a = RunReader.Open(whole).ReadMetrics().Where(m => m.Step > 0).ToArray(), b = RunReader.Open(split).ReadMetrics().Where(m => m.Step > 0).ToArray();
        Assert.All(a, m => Assert.InRange(m.Values["reward"], 0, 1));
        Assert.Contains(a, m => m.Values["gradientNorm"] > 0);
        Assert.Equal(a[0].Values["loss"], b[0].Values["loss"], 1e-5);
        Assert.Equal(a[0].Values["gradientNorm"], b[0].Values["gradientNorm"], 1e-4 * Math.Max(1, a[0].Values["gradientNorm"]));
    }

    [Fact]
    public void A_step_whose_rewards_are_all_equal_teaches_nothing_and_is_no_error()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, """{"kind": "group-reward", "estimator": "dapo"}""", steps: 2, more: """, "rewards": [{"kind": "regex", "pattern": "never written"}]""");
        string run = Run(recipe, folder.File("run"), "rollout.samplesPerPrompt=2");
        StepMetrics step = RunReader.Open(run).ReadMetrics().Single(m => m.Step == 2);
        Assert.Equal(0, step.Values["gradientNorm"]);
        // Dynamic sampling asked three more times for 4 prompts × 2 rollouts before it took what it had.
        Assert.Equal(4 * 4 * 2, step.Values["responseTokens"] / step.Values["responseLength"], 1e-9);
        Assert.Equal("finished", RunReader.Open(run).ReadEvents()[^1].Event);
    }

    [Fact]
    public void Stopping_between_tokens_is_recorded()
    {
        using var folder = new TemporaryFolder();
        RecipeReading reading = RecipeReader.Read(WriteRecipe(folder, steps: 50));
        using DistillationSession session = DistillationSession.Open(reading, folder.File("run"), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (StepReport report in session.Run(stop.Token))
                if (report.Step == 3) stop.Cancel();
        });
        RunReader run = RunReader.Open(folder.File("run"));
        Assert.Equal(("stopped", 3), (run.ReadEvents()[^1].Event, run.ReadEvents()[^1].Step));
        Assert.Equal(4, run.ReadMetrics().Count);
    }

    [Fact]
    public void Distillation_lowers_the_divergence_it_optimises()
    {
        using var folder = new TemporaryFolder();
        string run = Run(WriteRecipe(folder, steps: 60), folder.File("run"));
        double[] divergence = RunReader.Open(run).ReadMetrics().Where(m => m.Step > 0).Select(m => m.Values["divergence"]).ToArray();
        Assert.True(divergence[^10..].Average() < 0.6 * divergence[..5].Average(), $"from {divergence[..5].Average()} to {divergence[^10..].Average()}");
    }

    [Fact]
    public void A_run_folder_holds_what_happened_and_nothing_torn()
    {
        using var folder = new TemporaryFolder();
        string path = Run(WriteRecipe(folder, more: ", \"checkpoint\": { \"every\": 2, \"keep\": 2 }"), folder.File("run"));
        RunReader run = RunReader.Open(path);
        Assert.Equal(Enumerable.Range(0, 7), run.ReadMetrics().Select(m => m.Step));
        Assert.Equal(["started", "evaluated", "checkpoint", "checkpoint", "evaluated", "checkpoint", "finished"], run.ReadEvents().Select(e => e.Event));
        Assert.Equal(["checkpoint-4", "checkpoint-6"], Directory.EnumerateDirectories(Path.Combine(path, "checkpoints")).Select(p => Path.GetFileName(p)!).Order());
        string[] files = Directory.EnumerateFiles(Path.Combine(path, "rollouts")).Select(p => Path.GetFileName(p)!).Order().ToArray();
        Assert.Equal(["step-000001.jsonl", "step-000002.jsonl", "step-000004.jsonl", "step-000006.jsonl"], files);
        foreach (string key in run.ReadMetrics().SelectMany(m => m.Values.Keys).Distinct()) Assert.Contains(key, run.ReadMetricLabels().Keys);
        using LanguageModel trained = LanguageModel.Load(Path.Combine(path, "checkpoints", "checkpoint-6"), torch.CPU);
        Assert.Equal(trained.Decoder.Config.ParameterCount, trained.Decoder.Weights.Values_P.shape[0]);
    }

    [Fact]
    public void Recorded_feedback_is_what_the_step_trained_on()
    {
        using var folder = new TemporaryFolder();
        string path = Run(WriteRecipe(folder, more: "", steps: 1).Replace("\"rollouts\": 3", "\"rollouts\": 4", StringComparison.Ordinal), folder.File("run"), "record.rollouts=4");
        double loss = RunReader.Open(path).ReadMetrics().Single(m => m.Step == 1).Values["loss"];
        RolloutRecord[] rollouts = File.ReadLines(Path.Combine(path, "rollouts", "step-000001.jsonl")).Select(line => JsonSerializer.Deserialize<RolloutRecord>(line, RunJson.Options)!).ToArray();
        Assert.Equal(4, rollouts.Length);
        Assert.Equal(loss, rollouts.SelectMany(r => r.Loss!).Average(x => (double)x), 1e-5);
        foreach (RolloutRecord r in rollouts)
        {
            Assert.Contains("KL(student‖teacher)", r.DivergenceLabel, StringComparison.Ordinal);
            for (int t = 0; t < r.TokenIds.Length; t++)
            {
                Assert.Equal(r.SamplerLogprobs![t], r.StudentLogprobs![t], 1e-4f); // on-policy, temperature 1: what was sampled from is what is trained
                Assert.InRange(r.TeacherRank![t], 1, 262);
                Assert.True(r.StudentTopLogprobs![t].Zip(r.StudentTopLogprobs[t].Skip(1)).All(pair => pair.First >= pair.Second));
            }
        }
    }

    [Fact]
    public void Live_tensors_stay_flat_over_fifty_steps()
    {
        using var folder = new TemporaryFolder();
        RecipeReading reading = RecipeReader.Read(WriteRecipe(folder, steps: 52));
        using DistillationSession session = DistillationSession.Open(reading, folder.File("run"), TimeProvider.System);
        var live = new List<long>();
        foreach (StepReport report in session.Run(CancellationToken.None))
            if (report.Step is >= 2 and <= 51) live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal(50, live.Count);
        Assert.All(live, count => Assert.Equal(live[0], count));
    }

    [Fact]
    public void Lora_trains_the_adapter_and_exports_merged_weights()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder);
        string run = Run(recipe, folder.File("run"), """student.lora={"r": 4, "alpha": 8, "targetModules": ["q_proj", "down_proj"]}""");
        string checkpoint = Path.Combine(run, "checkpoints", "checkpoint-6");
        using LanguageModel before = LanguageModel.Load(folder.File("student"), torch.CPU), after = LanguageModel.Load(checkpoint, torch.CPU);
        using LanguageModel adapted = LanguageModel.Load(Path.Combine(checkpoint, "adapter"), torch.CPU);
        Assert.Equal(4, adapted.Decoder.Adapter!.Rank);
        foreach ((string name, torch.Tensor value) in before.Decoder.Weights.Named)
        {
            bool changed = name.Contains("q_proj", StringComparison.Ordinal) || name.Contains("down_proj", StringComparison.Ordinal);
            Assert.Equal(!changed, value.equal(after.Decoder.Weights.Named[name]).all().ToBoolean());
        }
    }

    [Fact]
    public void A_teacher_that_is_the_student_gives_no_signal_and_the_run_says_so()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder);
        OpdException error = Assert.Throws<OpdException>(() => Run(recipe, folder.File("run"), "signal.model=student"));
        Assert.Equal(ErrorCodes.NoSignal, error.Code);
        Assert.Equal("failed", RunReader.Open(folder.File("run")).ReadEvents()[^1].Event);
    }

    [Theory]
    [InlineData("not json", ErrorCodes.DataLineInvalid, "line 3")]
    [InlineData("{\"completion\": \"x\"}", ErrorCodes.DataLineInvalid, "line 3")]
    [InlineData("{\"prompt\": \"LONG\", \"answer\": \"b\"}", ErrorCodes.PromptTooLong, "line 3")]
    public void A_bad_line_of_data_is_named_and_nothing_is_written(string line, string code, string place)
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder);
        string[] lines = File.ReadAllLines(folder.File("train.jsonl"));
        lines[2] = line.Replace("LONG", new string('x', 200), StringComparison.Ordinal);
        File.WriteAllLines(folder.File("train.jsonl"), lines);
        OpdException error = Assert.Throws<OpdException>(() => Run(recipe, folder.File("run")));
        Assert.Equal(code, error.Code);
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void A_run_folder_that_is_taken_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, steps: 1), run = Run(recipe, folder.File("run"));
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(run, "recipe.json"));
        OpdException error = Assert.Throws<OpdException>(() => Run(recipe, folder.File("run")));
        Assert.Equal(ErrorCodes.RunFolder, error.Code);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(run, "recipe.json")));
    }

    [Fact]
    public void Weights_that_are_not_finite_stop_the_run_before_they_are_applied()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, """{"kind": "supervised"}""", steps: 30);
        Write(folder.File("student"), 1, gain: 1e30);
        OpdException error = Assert.Throws<OpdException>(() => Run(recipe, folder.File("run")));
        Assert.Equal(ErrorCodes.NotFinite, error.Code);
        Assert.Contains("not applied", error.Message, StringComparison.Ordinal);
    }

    private static string Run(string recipe, string folder, params string[] overrides)
    {
        RecipeReading reading = RecipeReader.Read(recipe, overrides);
        Assert.True(reading.Recipe is not null, string.Join("; ", reading.Problems.Select(p => p.Message)));
        using DistillationSession session = DistillationSession.Open(reading, folder, TimeProvider.System);
        foreach (StepReport _ in session.Run(CancellationToken.None)) { }
        return session.Folder;
    }

    private static byte[] Weights(string run) => File.ReadAllBytes(Path.Combine(run, "checkpoints", "checkpoint-6", "model.safetensors"));
}
