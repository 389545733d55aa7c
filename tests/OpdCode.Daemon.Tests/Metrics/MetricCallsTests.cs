using System.Globalization;
using OpdCode.Daemon.Bench.Waiting;
using OpdCode.Daemon.Metrics;
using OpdCode.Daemon.Tests.Reports;
using OpdCode.Daemon.Tests.Serving;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Tests;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Metrics;

public sealed class MetricCallsTests
{
    [Fact]
    public async Task Curves_come_by_name_and_range_with_their_labels()
    {
        await using ServedHere served = await ServedHere.Start();
        new SyntheticRun(Path.Combine(served.Runs, "a")).Write();
        MetricCurves all = await served.Client.Result<MetricCurves>("metrics/get", new GetMetricsParams { RunIds = ["a"] });
        Assert.Equal(new HashSet<string>(all.Curves.Select(c => c.Name)), new HashSet<string>(all.Labels.Keys));
        IReadOnlyList<StepMetrics> lines = RunReader.Open(Path.Combine(served.Runs, "a")).ReadMetrics();
        MetricCurve loss = all.Curves.Single(c => c.Name == "loss");
        Assert.Equal(lines.Where(l => l.Values.ContainsKey("loss")).Select(l => l.Step), loss.Steps);
        Assert.Equal(lines.Where(l => l.Values.ContainsKey("loss")).Select(l => (double?)l.Values["loss"]), loss.Values);

        MetricCurve part = (await served.Client.Result<MetricCurves>("metrics/get", new GetMetricsParams { RunIds = ["a"], Names = ["loss", "nothing"], FromStep = 10, ToStep = 59, MaxPoints = 20, Smoothing = 5 })).Curves.Single();
        Assert.Equal((50, 20), (part.Points, part.Steps.Count));
        Assert.Equal((10, 59), (part.Steps[0], part.Steps[^1]));
        Assert.Equal(20, part.Smoothed!.Count);
        Assert.Equal(ErrorCodes.RequestInvalid, (await served.Client.Error("metrics/get", new GetMetricsParams { RunIds = ["a"], MaxPoints = 1 })).Code);
        Assert.Equal(ErrorCodes.RunNotFound, (await served.Client.Error("metrics/get", new GetMetricsParams { RunIds = ["b"] })).Code);
    }

    [Fact]
    public async Task A_table_holds_every_number()
    {
        await using ServedHere served = await ServedHere.Start();
        Write(Path.Combine(served.Runs, "a"), """{"step":1,"loss":0.5,"a,b":"NaN"}""", """{"step":2,"accuracy":1}""");
        await served.Client.Result("metrics/export", new ExportMetricsParams { RunId = "a", Path = Path.Combine(served.Folder, "out", "a.csv") });
        Assert.Equal("step,loss,\"a,b\",accuracy\r\n1,0.5,NaN,\r\n2,,,1\r\n", await File.ReadAllTextAsync(Path.Combine(served.Folder, "out", "a.csv")));
        Assert.Equal(ErrorCodes.PathNotAllowed, (await served.Client.Error("metrics/export", new ExportMetricsParams { RunId = "a", Path = Path.Combine(Path.GetTempPath(), "a.csv") })).Code);
    }

    [Fact]
    public void Reading_goes_on_where_it_ended_and_begins_anew_when_a_run_went_back()
    {
        using var folder = new ToyModels.TemporaryFolder();
        string file = folder.File("metrics.jsonl");
        var metrics = new MetricFile(file);
        Assert.Equal("", Loss());
        File.WriteAllText(file, "{\"step\":1,\"loss\":1}\n{\"step\":2,\"loss\":2}\n{\"step\":3,\"lo");
        Assert.Equal("1=1 2=2", Loss());
        File.AppendAllText(file, "ss\":3}\n");
        Assert.Equal("1=1 2=2 3=3", Loss());
        File.AppendAllText(file, "{\"step\":2,\"loss\":20}\n");
        Assert.Equal("1=1 2=20 3=3", Loss());
        // Cut back and written on, longer than before.
        File.WriteAllText(file, "{\"step\":1,\"loss\":1}\n{\"step\":2,\"loss\":7}\n{\"step\":3,\"loss\":8,\"and\":\"much more than there was\",\"x\":123456789}\n{\"step\":4,\"loss\":9}\n");
        Assert.Equal("1=1 2=7 3=8 4=9", Loss());
        File.AppendAllText(file, "{\"step\":5,\"loss\":tru}\n");
        Assert.Contains("line 5", Assert.Throws<OpdException>(Loss).Message, StringComparison.Ordinal);

        string Loss() => metrics.With(columns => columns.TryGetValue("loss", out MetricColumn? loss)
            ? string.Join(' ', Enumerable.Range(0, loss.Count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{loss.Steps[i]}={loss.Values[i]}"))) : "");
    }

    /// <summary>100 curves of 100,000 points each: 100 ms is the promise once they are loaded, on a quiet machine.</summary>
    [Fact]
    public async Task A_hundred_long_curves_are_thinned_fast()
    {
        await using ServedHere served = await ServedHere.Start();
        string folder = Path.Combine(served.Runs, "long");
        Directory.CreateDirectory(folder);
        DaemonScene.WriteCurves(folder, 100_000);
        var asked = new GetMetricsParams { RunIds = ["long"], MaxPoints = 1000 };
        Assert.Equal(100, (await served.Client.Result<MetricCurves>("metrics/get", asked)).Curves.Count);
        await Patience.Within(100 * 100, () => served.Client.Call("metrics/get", asked));
        ErrorData refused = await served.Client.Error("metrics/get", asked with { MaxPoints = 100_000 });
        Assert.Contains("more than 2000000 points", refused.Message, StringComparison.Ordinal);
        await Patience.Within(100 * 100, () => served.Client.Call("metrics/get", asked with { Smoothing = 50 }));
    }

    private static void Write(string folder, params string[] lines)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "metrics.jsonl"), string.Concat(lines.Select(l => l + "\n")));
    }
}
