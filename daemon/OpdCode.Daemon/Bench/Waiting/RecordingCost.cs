using System.Diagnostics;
using OpdCode.Distillation;
using OpdCode.Distillation.Runs;
using OpdCode.Recipes;

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
    private readonly BenchRun _run = new(folder, BenchShape.Student);

    /// <summary>The cost of a recorded step, and of a run's steps with the usual setting.</summary>
    public IEnumerable<DaemonFigure> Measure(CancellationToken cancel)
    {
        _run.Write();
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

    private DistillationSession Open(int rollouts, int every) =>
        _run.Open($"{rollouts}-{every}", rollouts, Steps + 1, new RecordRecipe { Every = every, Rollouts = s_usual.Rollouts, Tensorboard = false }, checkpointEvery: 0);
}
