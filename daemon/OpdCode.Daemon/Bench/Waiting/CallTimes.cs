using OpdCode.Protocol;

namespace OpdCode.Daemon.Bench.Waiting;

/// <summary>How long an editor waits for the daemon.</summary>
/// <param name="scene">What the daemon finds.</param>
/// <param name="starts">How often it is started.</param>
internal sealed class CallTimes(DaemonScene scene, int starts)
{
    // A daemon that has just started compares what it knows with all folders.
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(2);

    private static readonly EditRecipeParams s_small = new() { Text = "{}", Setting = "steps", Value = "42" };

    /// <summary>All figures, one after the other.</summary>
    public IReadOnlyList<DaemonFigure> Measure(CancellationToken cancel)
    {
        using (ServedDaemon first = ServedDaemon.Start(scene, out _))
        {
            first.Call("runs/list", new ListRunsParams()); // reads all folders, and writes what the next ones start with
            first.Close();
        }
        List<double> started = [], gone = [], cold = [], both = [], warm = [], unopened = [];
        var page = new GetRolloutParams { RunId = DaemonScene.Texts, Step = 1, Index = 1 };
        var all = new ListRunsParams { IncludeArchived = true, Limit = Math.Min(10_000, scene.Count) };
        for (int i = 0; i < starts; i++)
        {
            cancel.ThrowIfCancellationRequested();
            using ServedDaemon daemon = ServedDaemon.Start(scene, out double milliseconds);
            started.Add(milliseconds);
            cold.Add(daemon.Call("runs/list", all));
            both.Add(milliseconds + cold[^1]);
            for (int k = 0; k < 4; k++) warm.Add(daemon.Call("runs/list", all));
            unopened.Add(daemon.Call("rollouts/get", page));
            gone.Add(daemon.Close());
        }
        List<double> unindexed = FirstOrder(1), indexed = FirstOrder(starts);
        using ServedDaemon one = ServedDaemon.Start(scene, out _);
        one.Call("runs/list", all);
        var curves = new GetMetricsParams { RunIds = [DaemonScene.Curves], MaxPoints = 1000 };
        DaemonFigure unread = DaemonFigure.Of("100 curves to 1000 points, file not read yet", "ms", null, [one.Call("metrics/get", curves)]);
        cancel.WaitHandle.WaitOne(s_settling);
        return
        [
            DaemonFigure.Of("start to initialize answered", "ms", 700, started),
            DaemonFigure.Of("stdin closed to process gone", "ms", 1000, gone),
            Repeated("small call (recipes/edit)", 1, one, "recipes/edit", s_small, 1000),
            Repeated($"token feedback, {DaemonScene.PageTokens} tokens (rollouts/get)", 15, one, "rollouts/get", page, 50),
            DaemonFigure.Of($"token feedback, {DaemonScene.PageTokens} tokens, first after start", "ms", null, unopened),
            DaemonFigure.Of($"list of {all.Limit} runs, first after start", "ms", 50, cold),
            DaemonFigure.Of($"start to list of {all.Limit} runs answered", "ms", null, both),
            DaemonFigure.Of($"list of {all.Limit} runs, again", "ms", 50, warm),
            DaemonFigure.Of($"{DaemonScene.ManySteps * DaemonScene.ManyRollouts} rollouts by divergence:mean, not in the index", "ms", null, unindexed),
            DaemonFigure.Of($"{DaemonScene.ManySteps * DaemonScene.ManyRollouts} rollouts by divergence:mean, first after start", "ms", null, indexed),
            unread,
            Repeated("100 curves to 1000 points", 100, one, "metrics/get", curves, 20),
            Repeated("100 curves to 1000 points, smoothed", 100, one, "metrics/get", curves with { Smoothing = 50 }, 20),
        ];
    }

    // The worst rollouts of a long run, asked of daemons that have just started.
    private List<double> FirstOrder(int times)
    {
        var measured = new List<double>();
        for (int i = 0; i < times; i++)
        {
            using ServedDaemon daemon = ServedDaemon.Start(scene, out _);
            measured.Add(daemon.Call("rollouts/list", new ListRolloutsParams { RunId = DaemonScene.Many, Sort = "divergence:mean", Descending = true }));
            daemon.Close();
        }
        return measured;
    }

    private static DaemonFigure Repeated(string name, double promise, ServedDaemon daemon, string method, object parameters, int times)
    {
        for (int i = 0; i < times / 4; i++) daemon.Call(method, parameters); // code is compiled while it runs
        var measured = new List<double>();
        for (int i = 0; i < times; i++) measured.Add(daemon.Call(method, parameters));
        return DaemonFigure.Of(name, "ms", promise, measured);
    }
}
