using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests;

/// <summary>What goes wrong around a run ends in a clear state, costs nothing that was saved, and can be gone on from.</summary>
public sealed class FaultTests : IDisposable
{
    private const int Steps = 6;

    private readonly TemporaryFolder _folder = new();
    private readonly string _recipe, _run;

    public FaultTests()
    {
        _recipe = WriteRecipe(_folder, steps: Steps, more: """, "checkpoint": { "every": 2, "keep": 0 }""");
        _run = _folder.File("run");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("model.safetensors", "flip")]
    [InlineData("model.safetensors", "cut")]
    [InlineData("config.json", "flip")]
    [InlineData("state/optimizer.safetensors", "flip")]
    [InlineData("state/optimizer.safetensors", "delete")]
    [InlineData("state/data.cursor.safetensors", "flip")]
    [InlineData("state/progress.json", "flip")]
    [InlineData("state/manifest.json", "cut")]
    [InlineData("state/manifest.json", "delete")]
    public void A_damaged_checkpoint_is_set_aside_and_the_one_before_is_used(string file, string damage)
    {
        string whole = Whole();
        RunUntil(5);
        string path = Path.Combine(_run, "checkpoints", "checkpoint-4", file);
        byte[] bytes = File.ReadAllBytes(path);
        if (damage == "delete") File.Delete(path);
        else if (damage == "cut") File.WriteAllBytes(path, bytes[..^9]);
        else
        {
            bytes[bytes.Length * 2 / 3] ^= 0x10;
            File.WriteAllBytes(path, bytes);
        }
        Finish();
        RunFiles.AssertSame(whole, _run);
        RunEvent[] events = [.. RunReader.Open(_run).ReadEvents().SkipWhile(e => e.Event != "damaged")];
        Assert.Equal((4, ErrorCodes.CheckpointInvalid), (events[0].Step, events[0].Code));
        Assert.Contains(Path.GetFileName(file), events[0].Message, StringComparison.Ordinal);
        Assert.Equal(("resumed", 2), (events[1].Event, events[1].Step));
        Assert.True(Directory.Exists(Path.Combine(_run, "checkpoints", "checkpoint-4.damaged")));
    }

    [Fact]
    public void Lines_that_were_torn_leave_no_trace_in_the_files()
    {
        string whole = Whole();
        RunUntil(5);
        foreach (string name in new[] { "metrics.jsonl", "events.jsonl" }) File.AppendAllText(Path.Combine(_run, name), "{\"step\": 6, \"lo");
        File.WriteAllText(Path.Combine(_run, "rollouts", "step-000006.jsonl"), "{\"vers");
        Finish();
        RunFiles.AssertSame(whole, _run);
        Assert.All(File.ReadLines(Path.Combine(_run, "events.jsonl")), line => Assert.EndsWith("}", line, StringComparison.Ordinal));
        Assert.StartsWith("{\"step\": 6, \"lo", File.ReadAllLines(Path.Combine(_run, "superseded", "1", "metrics.jsonl"))[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_can_no_longer_be_written_fails_the_run_and_nothing_saved_is_lost()
    {
        string whole = Whole();
        string metrics = Path.Combine(_run, "metrics.jsonl"), kept = _folder.File("kept.jsonl");
        using (DistillationSession session = Open())
        {
            OpdException error = Assert.Throws<OpdException>(() =>
            {
                foreach (StepReport report in session.Run(CancellationToken.None))
                {
                    if (report.Step != 3) continue;
                    session.Settle();
                    File.Move(metrics, kept); // a folder in its place: every system refuses to write into it
                    Directory.CreateDirectory(metrics);
                }
            });
            Assert.Equal(ErrorCodes.RunFolder, error.Code);
            Assert.Contains(_run, error.Message, StringComparison.Ordinal);
        }
        Assert.Equal(("failed", 3, ErrorCodes.RunFolder), Last());
        Directory.Delete(metrics);
        File.Move(kept, metrics);
        Finish();
        RunFiles.AssertSame(whole, _run);
    }

    [Fact]
    public void A_clock_that_jumps_changes_nothing_but_the_times_of_the_events()
    {
        string whole = Whole();
        var clock = new JumpingClock();
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(_recipe), _run, clock))
        {
            foreach (StepReport report in session.Run(CancellationToken.None))
                if (report.Step == 3) session.RequestStop(StopKind.Pause);
        }
        using (DistillationSession session = DistillationSession.Resume(_run, ChangedInputs.Refuse, clock))
        {
            foreach (StepReport _ in session.Run(CancellationToken.None)) { }
            Assert.InRange(session.Summary("").WallSeconds, 0, 600);
        }
        RunFiles.AssertSame(whole, _run);
        Assert.Contains(RunReader.Open(_run).ReadEvents().Zip(RunReader.Open(_run).ReadEvents().Skip(1)), pair => pair.Second.Time < pair.First.Time);
        Assert.Equal("finished", Last().Event);
    }

    [Fact]
    public void Editing_the_recipe_during_a_run_has_no_effect_on_it()
    {
        string whole = Whole();
        RunUntil(3);
        File.WriteAllText(_recipe, "not a recipe any more");
        Finish();
        RunFiles.AssertSame(whole, _run);
    }

    [Fact]
    public void The_recipe_in_the_run_folder_must_not_change_unless_that_is_accepted()
    {
        RunUntil(5);
        string path = Path.Combine(_run, "recipe.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"learningRate\": 0.003", "\"learningRate\": 0.001", StringComparison.Ordinal));
        Refused(ErrorCodes.InputsChanged, "recipe.json");
        Finish(ChangedInputs.Accept);
        Assert.Contains("was edited", RunReader.Open(_run).ReadEvents().Single(e => e.Event == "resumed").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_file_that_goes_away_during_a_run_is_missed_only_by_a_resume()
    {
        string whole = Whole(), data = _folder.File("train.jsonl"), kept = _folder.File("kept.jsonl");
        using (DistillationSession session = Open())
        {
            foreach (StepReport report in session.Run(CancellationToken.None))
            {
                if (report.Step == 1) File.Move(data, kept);
                if (report.Step == 3) session.RequestStop(StopKind.Stop);
            }
        }
        Refused(ErrorCodes.FileNotFound, "train.jsonl");
        File.WriteAllText(data, File.ReadAllText(kept) + """{"prompt": "new", "answer": "b"}""" + "\n");
        Refused(ErrorCodes.InputsChanged, "train.jsonl");
        File.Copy(kept, data, overwrite: true);
        Finish();
        RunFiles.AssertSame(whole, _run);
    }

    [Fact]
    public void A_model_folder_that_is_swapped_during_a_run_changes_neither_weights_nor_tokenizer()
    {
        string whole = Whole();
        using (DistillationSession session = Open())
        {
            foreach (StepReport report in session.Run(CancellationToken.None))
            {
                if (report.Step != 1) continue;
                foreach (string model in new[] { "student", "teacher" })
                {
                    File.WriteAllText(Path.Combine(_folder.File(model), "tokenizer.json"), "{}");
                    File.Delete(Path.Combine(_folder.File(model), "model.safetensors"));
                }
            }
        }
        RunFiles.AssertSame(whole, _run);
    }

    [Theory]
    [InlineData("student")]
    [InlineData("teacher")]
    public void A_model_folder_that_is_swapped_is_noticed_by_a_resume(string model)
    {
        RunUntil(3);
        Write(_folder.File(model), 77, hidden: model == "teacher" ? 48 : 32);
        Refused(ErrorCodes.InputsChanged, _folder.File(model));
        Finish(ChangedInputs.Accept);
        Assert.Contains("holds another model", RunReader.Open(_run).ReadEvents().Single(e => e.Event == "resumed").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_is_not_finite_ends_as_failed_with_its_code_and_does_so_again()
    {
        Write(_folder.File("student"), 1, gain: 1e30);
        for (int attempt = 1; attempt <= 2; attempt++)
        {
            using DistillationSession session = attempt == 1
                ? DistillationSession.Open(RecipeReader.Read(_recipe, ["objective={\"kind\": \"supervised\"}"]), _run, TimeProvider.System)
                : DistillationSession.Resume(_run, ChangedInputs.Refuse, TimeProvider.System);
            OpdException error = Assert.Throws<OpdException>(() =>
            {
                foreach (StepReport _ in session.Run(CancellationToken.None)) { }
            });
            Assert.Equal(ErrorCodes.NotFinite, error.Code);
            Assert.Equal(("failed", 0, ErrorCodes.NotFinite), Last());
        }
    }

    /// <summary>Every step makes the weights a hundred times as large, until attention overflows.</summary>
    [Fact]
    public void A_loss_that_becomes_not_finite_leaves_the_last_good_checkpoint_as_the_newest()
    {
        int good = 0;
        for (int attempt = 1; attempt <= 2; attempt++)
        {
            using DistillationSession session = attempt == 1
                ? DistillationSession.Open(RecipeReader.Read(_recipe, ["optimizer.learningRate=10", "optimizer.weightDecay=10", "checkpoint.every=1", "checkpoint.keep=2", "steps=60"]), _run, TimeProvider.System)
                : DistillationSession.Resume(_run, ChangedInputs.Refuse, TimeProvider.System);
            OpdException error = Assert.Throws<OpdException>(() =>
            {
                foreach (StepReport _ in session.Run(CancellationToken.None)) { }
            });
            Assert.Equal(ErrorCodes.NotFinite, error.Code);
            good = attempt == 1 ? Last().Step : good;
            Assert.InRange(good, 2, 59);
            Assert.Contains($"step {good + 1}", error.Message, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(("failed", good, ErrorCodes.NotFinite), Last());
            Assert.Equal($"checkpoint-{good}\n", File.ReadAllText(Path.Combine(_run, "checkpoints", "latest")));
            Assert.Equal(Enumerable.Range(0, good + 1), RunReader.Open(_run).ReadMetrics().Select(m => m.Step));
        }
        using LanguageModel model = LanguageModel.Load(Path.Combine(_run, "checkpoints", $"checkpoint-{good}"), torch.CPU);
        Assert.True(model.Decoder.Weights.Values_P.isfinite().all().item<bool>());
    }

    /// <summary>The refusal is libtorch's own: a petabyte, asked for where the run asks for the time.</summary>
    [Fact]
    public void A_refused_allocation_ends_as_failed_and_says_what_to_lower()
    {
        string whole = Whole();
        var clock = new GreedyClock { Greedy = false };
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(_recipe), _run, clock))
        {
            OpdException error = Assert.Throws<OpdException>(() =>
            {
                foreach (StepReport report in session.Run(CancellationToken.None))
                {
                    session.Settle();
                    clock.Greedy = report.Step == 3;
                }
            });
            Assert.Equal(ErrorCodes.OutOfMemory, error.Code);
            Assert.Contains("optimizer.microBatch", error.Message, StringComparison.Ordinal);
        }
        Assert.Equal(("failed", 3, ErrorCodes.OutOfMemory), Last());
        Finish();
        RunFiles.AssertSame(whole, _run);
    }

    [Fact]
    public void Only_failures_of_memory_are_told_as_such()
    {
        Assert.Equal(ErrorCodes.OutOfMemory, MemoryFailure.Explain(new InsufficientMemoryException())?.Code);
        Assert.Null(MemoryFailure.Explain(new InvalidOperationException("out of memory of what happened")));
    }

    [Fact]
    public void Of_the_checkpoints_the_last_ones_and_the_best_are_kept()
    {
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(_recipe, ["checkpoint.every=1", "checkpoint.keep=2", "evaluate.every=1"]), _run, TimeProvider.System))
            foreach (StepReport _ in session.Run(CancellationToken.None)) { }
        StepMetrics[] steps = [.. RunReader.Open(_run).ReadMetrics().Where(m => m.Step > 0)];
        int best = steps.Where(m => m.Values["accuracy"] == steps.Max(s => s.Values["accuracy"])).Max(m => m.Step);
        Assert.Equal($"checkpoint-{best}\n", File.ReadAllText(Path.Combine(_run, "checkpoints", "best")));
        Assert.Equal("checkpoint-6\n", File.ReadAllText(Path.Combine(_run, "checkpoints", "latest")));
        Assert.Equal(new[] { 5, 6, best }.Distinct().Order(), Directory.EnumerateDirectories(Path.Combine(_run, "checkpoints")).Select(p => int.Parse(Path.GetFileName(p)["checkpoint-".Length..])).Order());
        using LanguageModel model = LanguageModel.Load(Path.Combine(_run, "checkpoints", $"checkpoint-{best}"), torch.CPU);
    }

    private DistillationSession Open() => DistillationSession.Open(RecipeReader.Read(_recipe), _run, TimeProvider.System);

    private string Whole()
    {
        string whole = _folder.File("whole");
        using DistillationSession session = DistillationSession.Open(RecipeReader.Read(_recipe), whole, TimeProvider.System);
        foreach (StepReport _ in session.Run(CancellationToken.None)) { }
        return whole;
    }

    // As a killed process leaves it: no event of an end.
    private void RunUntil(int step)
    {
        using DistillationSession session = Open();
        foreach (StepReport report in session.Run(CancellationToken.None))
            if (report.Step == step) break;
    }

    private void Finish(ChangedInputs changed = ChangedInputs.Refuse)
    {
        using DistillationSession session = DistillationSession.Resume(_run, changed, TimeProvider.System);
        foreach (StepReport _ in session.Run(CancellationToken.None)) { }
        Assert.Equal("finished", session.Ending);
    }

    private void Refused(string code, string named)
    {
        string[] before = [.. Directory.EnumerateFiles(_run, "*", SearchOption.AllDirectories).Order()];
        OpdException error = Assert.Throws<OpdException>(() => DistillationSession.Resume(_run, ChangedInputs.Refuse, TimeProvider.System));
        Assert.Equal(code, error.Code);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.EnumerateFiles(_run, "*", SearchOption.AllDirectories).Order());
    }

    private (string Event, int Step, string? Code) Last()
    {
        RunEvent last = RunReader.Open(_run).ReadEvents()[^1];
        return (last.Event, last.Step, last.Code);
    }

    private sealed class JumpingClock : TimeProvider
    {
        private int _asked;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(50 + (_asked++ % 3 == 0 ? 20 : -20));
    }

    private sealed class GreedyClock : TimeProvider
    {
        public required bool Greedy { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            if (!Greedy) return base.GetUtcNow();
            Greedy = false;
            using torch.Tensor much = torch.empty(1L << 48);
            throw new InvalidOperationException("a petabyte was granted");
        }
    }
}
