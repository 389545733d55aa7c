using OpdCode.Distillation;
using OpdCode.Distillation.Runs;
using OpdCode.Recipes;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>
/// Steps of a real run that records every rollout and writes a checkpoint at every step; the files are written beside the
/// loop, or the loop waits for them after every step.
/// </summary>
/// <param name="shape">Of student and teacher.</param>
/// <param name="waits">Whether the loop waits.</param>
internal sealed class FilesWork(BenchShape shape, bool waits) : IBenchWork
{
    private const int Rollouts = 16, StepsOfARun = 4;

    private readonly string _folder = Directory.CreateTempSubdirectory("opdcode-bench-").FullName;
    private DistillationSession? _session;
    private IEnumerator<StepReport>? _steps;

    /// <inheritdoc/>
    public void WarmUp()
    {
        if (_session is not null) return;
        var run = new BenchRun(_folder, shape);
        run.Write();
        _session = run.Open("run", Rollouts, steps: 10_000, new RecordRecipe { Every = 1, Rollouts = Rollouts }, checkpointEvery: 1);
        _steps = _session.Run(CancellationToken.None).GetEnumerator();
        for (int i = 0; i < 2; i++) _steps.MoveNext(); // step 0, which has nothing to evaluate, and a step that loads code
        _session.Settle();
    }

    /// <inheritdoc/>
    public double Run()
    {
        WarmUp();
        for (int i = 0; i < StepsOfARun; i++)
        {
            _steps!.MoveNext();
            if (waits) _session!.Settle();
        }
        _session!.Settle(); // on either side all files are there when the time is taken
        return StepsOfARun;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _steps?.Dispose();
        _session?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
