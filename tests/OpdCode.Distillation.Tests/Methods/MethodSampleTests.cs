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

    private static readonly string[] s_names = [.. MethodPresets.All.Select(m => m.Name), "sead"];

    public static TheoryData<string> Names => [.. s_names];

    public static TheoryData<string> Stabilized => [.. s_names.Where(name => RecipeReader.Read(Sample(name)).Recipe!.Stabilizers.Count > 0)];

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

    /// <summary>A sample must show what its method does: with its own prompts every stabilizer soon changes a weight, an advantage or the loss of some token.</summary>
    [Theory]
    [MemberData(nameof(Stabilized))]
    public void Every_stabilizer_of_a_sample_acts_in_it(string name)
    {
        using var folder = new TemporaryFolder();
        StepMetrics[] steps = SignalRuns.Steps(SignalRuns.Run(Sample(name), folder.File("run"), ["steps=6", "evaluate=null", "checkpoint.every=0", "record.every=0"]));
        IEnumerable<IGrouping<string, string>> acts = steps.SelectMany(step => step.Values.Keys).Distinct().Where(key => key.StartsWith("stabilizer.", StringComparison.Ordinal)).GroupBy(key => key.Split('.')[1]);
        Assert.All(acts.Where(act => act.Key != "welford-whitening"), act => // which replaces the advantage, and has no number of its own
            Assert.True(act.Any(key => !key.EndsWith(".weight", StringComparison.Ordinal) && steps.Any(step => step.Values.GetValueOrDefault(key) != 0)), $"{act.Key} does nothing in the sample of {name}"));
    }

    private static string Sample(string name) => Path.Combine(Samples, $"{name}.opd.json");
}
