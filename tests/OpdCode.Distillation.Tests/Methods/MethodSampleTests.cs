using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Tests.Signals;
using OpdCode.Recipes;
using OpdCode.Recipes.Methods;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Methods;

/// <summary>Every preset by its sample recipe, on the tiny models.</summary>
public sealed class MethodSampleTests
{
    private static readonly string[] s_short = ["rollout.promptsPerStep=4", "evaluate=null", "checkpoint.every=0", "optimizer.warmupSteps=0"];

    public static TheoryData<string> Names => [.. MethodPresets.All.Select(m => m.Name)];

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
    public void A_sample_runs_two_steps_and_learns_something(string name)
    {
        using var folder = new TemporaryFolder();
        StepMetrics[] steps = SignalRuns.Steps(SignalRuns.Run(Sample(name), folder.File("run"), [.. s_short, "steps=2"]));
        Assert.Equal(2, steps.Length);
        Assert.All(steps, step => Assert.All(step.Values.Values, value => Assert.True(double.IsFinite(value))));
        Assert.Contains(steps, step => step.Values["gradientNorm"] > 0);
    }

    [Theory]
    [InlineData("cl-egrsd")]
    [InlineData("ophsd")]
    [InlineData("sdpo")]
    [InlineData("unisd-star")]
    [InlineData("pbsd")]
    [InlineData("gui-sd")]
    [InlineData("effopd")]
    [InlineData("listopd")]
    public void Resuming_inside_a_method_is_exact(string name)
    {
        using var folder = new TemporaryFolder();
        string[] settings = [.. s_short, "steps=4", "checkpoint.every=2", "checkpoint.type=float32", "checkpoint.keep=0", "record.every=0"];
        string whole = SignalRuns.Run(Sample(name), folder.File("whole"), settings).Folder, halted = folder.File("halted");
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(Sample(name), settings), halted, TimeProvider.System))
        {
            using var stop = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() =>
            {
                foreach (StepReport report in session.Run(stop.Token))
                    if (report.Step == 3) stop.Cancel();
            });
        }
        using (DistillationSession session = DistillationSession.Resume(halted, ChangedInputs.Refuse, TimeProvider.System))
            foreach (StepReport _ in session.Run(CancellationToken.None)) { }
        Assert.Equal(Weights(whole), Weights(halted));
    }

    private static string Sample(string name) => Path.Combine(Samples, $"{name}.opd.json");

    private static byte[] Weights(string run) => File.ReadAllBytes(Path.Combine(run, "checkpoints", "checkpoint-4", "model.safetensors"));
}
