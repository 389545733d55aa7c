using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Tests.Signals;
using OpdCode.Recipes;
using OpdCode.Recipes.Methods;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Methods;

/// <summary>Every preset by its sample recipe, and the sample that puts a method together from stabilizers, on the tiny models.</summary>
public sealed class MethodSampleTests
{
    private static readonly string[] s_short = ["steps=3", "rollout.promptsPerStep=4", "evaluate=null", "checkpoint.every=0", "checkpoint.type=float32", "optimizer.warmupSteps=0", "record.every=2"];

    public static TheoryData<string> Names => [.. MethodPresets.All.Select(m => m.Name), "sead"];

    private static string Samples
    {
        get
        {
            DirectoryInfo? up = new(AppContext.BaseDirectory);
            while (up is not null && !File.Exists(Path.Combine(up.FullName, "OpdCode.sln"))) up = up.Parent;
            return Path.Combine(up!.FullName, "samples", "methods");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_sample_learns_something_and_goes_on_bit_for_bit_where_it_was_paused(string name)
    {
        using var folder = new TemporaryFolder();
        string[] settings = name == "effopd" ? [.. s_short, """acceleration={"kind": "extrapolate", "validationPrompts": 4}"""] : s_short;
        StepMetrics[] steps = SignalRuns.Steps(SignalRuns.Run(Sample(name), folder.File("whole"), settings));
        Assert.Equal(3, steps.Length);
        Assert.All(steps, step => Assert.All(step.Values.Values, value => Assert.True(double.IsFinite(value))));
        Assert.Contains(steps, step => step.Values["gradientNorm"] > 0);

        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(Sample(name), settings), folder.File("parts"), TimeProvider.System))
        {
            foreach (StepReport report in session.Run(CancellationToken.None))
                if (report.Step == 2) session.RequestStop(StopKind.Pause);
        }
        using (DistillationSession session = DistillationSession.Resume(folder.File("parts"), ChangedInputs.Refuse, TimeProvider.System))
            foreach (StepReport _ in session.Run(CancellationToken.None)) { }
        RunFiles.AssertSame(folder.File("whole"), folder.File("parts"));
    }

    private static string Sample(string name) => Path.Combine(Samples, $"{name}.opd.json");
}
