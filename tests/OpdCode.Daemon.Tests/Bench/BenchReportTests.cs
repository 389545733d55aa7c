using System.Text.Json;
using OpdCode.Daemon.Bench;
using OpdCode.Daemon.Tests.Commands;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Bench;

[Collection(BenchTestsCollection.Name)]
public sealed class BenchReportTests
{
    private static readonly BenchMachine s_machine = new("a system", 2, 2, "2.10.0", 200, 600, 50);

    [Fact]
    public void A_report_is_read_as_it_was_written()
    {
        var report = new BenchReport(s_machine, [BenchResult.Of("rollout/64x4", "tokens/s", 400, 100, 800, 5, null)]);
        string file = Path.GetTempFileName();
        File.WriteAllText(file, JsonSerializer.Serialize(report, RunJson.Options));
        BenchReport read = BenchReport.Read(file);
        Assert.Equal(report.Machine, read.Machine);
        Assert.Equal(report.Results, read.Results);
        JsonElement json = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
        Assert.Equal(["machine", "results"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(["name", "unit", "value", "baseline", "ratio", "ceiling", "fraction", "peakBytes", "baselinePeakBytes"], json.GetProperty("results")[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal(4, json.GetProperty("results")[0].GetProperty("ratio").GetDouble());
        Assert.Equal(0.5, json.GetProperty("results")[0].GetProperty("fraction").GetDouble());
        File.Delete(file);
    }

    [Fact]
    public void Ratios_are_compared_where_there_are_baselines_and_rates_elsewhere()
    {
        var old = new BenchReport(s_machine, [BenchResult.Of("a", "x/s", 100, 50, null, null, null), BenchResult.Of("b", "x/s", 100, null, null, null, null), BenchResult.Of("gone", "x/s", 1, null, null, null, null)]);
        IReadOnlyList<BenchChange> changes = BenchChange.Between(old, [BenchResult.Of("a", "x/s", 50, 25, null, null, null), BenchResult.Of("b", "x/s", 80, null, null, null, null)]);
        Assert.Equal(["a", "b"], changes.Select(c => c.Name));
        Assert.Equal(["ratio", "value"], changes.Select(c => c.Measure));
        Assert.False(changes[0].IsRegression); // the machine was slower, not the code
        Assert.True(changes[1].IsRegression);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{\"results\":")]
    [InlineData("{\"cases\": []}")]
    public void A_file_that_is_no_report_is_refused_by_name(string? content)
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        if (content is not null) File.WriteAllText(file, content);
        OpdException error = Assert.Throws<OpdException>(() => BenchReport.Read(file));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Theory]
    [InlineData("256,6,4,2,704,32000", true)]
    [InlineData("256,6,4,2,704", false)]
    [InlineData("256,6,3,1,704,32000", false)]
    [InlineData("256,6,4,3,704,32000", false)]
    [InlineData("256,six,4,2,704,32000", false)]
    public void A_shape_is_six_numbers_that_fit_together(string text, bool valid)
    {
        Assert.Equal(valid, BenchShape.Parse(text) is not null);
        (int exit, _, string error) = ExplainCommandTests.Invoke("bench", "part", "none", "Ours", "--shape", text);
        Assert.Equal(1, exit);
        Assert.Equal(!valid, error.Contains("--shape is", StringComparison.Ordinal));
    }

    [Fact]
    public void The_machine_computes_and_reads_at_a_rate()
    {
        BenchMachine machine = MachineMeasurement.Measure();
        Assert.True(machine.GemmGflops > 0.1 && machine.Bf16GemmGflops > 0.01 && machine.BandwidthGBps > 0.1);
        Assert.Equal(1, s_machine.Seconds(200e9, 1), 1e-9);
        Assert.Equal(2, s_machine.Seconds(1, 100e9), 1e-9);
    }
}
