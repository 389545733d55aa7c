using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using OpdCode.Recipes;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests;

/// <summary>A run that was interrupted and resumed is the run that was not, bit for bit and line for line.</summary>
public sealed class ResumeTests : IDisposable
{
    private const string Lora = """student.lora={"r": 4, "alpha": 8, "targetModules": ["q_proj", "down_proj"]}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("float32", null)]
    [InlineData("bfloat16", null)]
    [InlineData("float32", Lora)]
    [InlineData("bfloat16", Lora)]
    public void Stopped_saved_and_resumed_a_run_has_the_weights_of_one_that_was_not(string type, string? more)
    {
        string recipe = WriteRecipe(_folder, more: ", \"checkpoint\": { \"keep\": 0 }");
        string[] overrides = more is null ? [$"checkpoint.type={type}"] : [$"checkpoint.type={type}", more];
        string whole = _folder.File("whole"), parts = _folder.File("parts");
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe, overrides), whole, TimeProvider.System)) RunTo(session, 6);
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe, overrides), parts, TimeProvider.System)) RunTo(session, 2, StopKind.Stop);
        using (DistillationSession session = DistillationSession.Resume(parts, ChangedInputs.Refuse, TimeProvider.System)) RunTo(session, 5, StopKind.Pause);
        using (DistillationSession session = DistillationSession.Resume(parts, ChangedInputs.Refuse, TimeProvider.System))
        {
            RunTo(session, 6);
            Assert.Equal("finished", session.Ending);
        }
        RunFiles.AssertSame(whole, parts);
        Assert.Equal(["stopped", "resumed", "paused", "resumed", "finished"], RunReader.Open(parts).ReadEvents().Select(e => e.Event).Where(e => e is not ("started" or "evaluated" or "checkpoint")));
    }

    [Fact]
    public void Aborted_before_its_first_checkpoint_a_run_begins_again()
    {
        string recipe = WriteRecipe(_folder), whole = _folder.File("whole"), parts = _folder.File("parts");
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe), whole, TimeProvider.System)) RunTo(session, 6);
        using (var abort = new CancellationTokenSource())
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe), parts, TimeProvider.System))
        {
            Assert.ThrowsAny<OperationCanceledException>(() =>
            {
                foreach (StepReport report in session.Run(abort.Token))
                    if (report.Step == 4) abort.Cancel();
            });
        }
        using (DistillationSession session = DistillationSession.Resume(parts, ChangedInputs.Refuse, TimeProvider.System)) RunTo(session, 6);
        RunFiles.AssertSame(whole, parts);
        Assert.Equal(5, File.ReadLines(Path.Combine(parts, "superseded", "1", "metrics.jsonl")).Count());
    }

    [Fact]
    public void A_finished_run_is_not_resumed()
    {
        string recipe = WriteRecipe(_folder, steps: 1), run = _folder.File("run");
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe), run, TimeProvider.System)) RunTo(session, 1);
        Assert.Equal(ErrorCodes.RunStateInvalid, Assert.Throws<OpdException>(() => DistillationSession.Resume(run, ChangedInputs.Refuse, TimeProvider.System)).Code);
    }

    [Fact]
    public void Two_processes_cannot_write_one_run()
    {
        string recipe = WriteRecipe(_folder), run = _folder.File("run");
        using DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe), run, TimeProvider.System);
        Assert.True(RunLock.IsTaken(run));
        Assert.Equal(ErrorCodes.RunBusy, Assert.Throws<OpdException>(() => DistillationSession.Resume(run, ChangedInputs.Refuse, TimeProvider.System)).Code);
        session.Dispose();
        Assert.False(RunLock.IsTaken(run));
    }

    private static void RunTo(DistillationSession session, int step, StopKind? stop = null)
    {
        int last = -1;
        foreach (StepReport report in session.Run(CancellationToken.None))
        {
            last = report.Step;
            if (report.Step == step && stop is StopKind kind) session.RequestStop(kind);
        }
        Assert.Equal(step, last);
    }
}
