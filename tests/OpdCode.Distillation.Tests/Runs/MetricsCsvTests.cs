using OpdCode.Distillation.Runs;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Runs;

public sealed class MetricsCsvTests
{
    [Fact]
    public void Every_step_is_a_row_and_every_metric_a_column()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("metrics.jsonl"), """
            {"step": 0, "accuracy": 0.1}
            {"step": 1, "loss": 1e-20, "a \"b\", c": "NaN"}
            {"step": 2, "loss": "-Infinity", "accuracy": 1}

            """);
        using var text = new StringWriter();
        MetricsCsv.Write(RunReader.Open(folder.Path), text);
        Assert.Equal("step,\"a \"\"b\"\", c\",accuracy,loss\r\n0,,0.1,\r\n1,NaN,,1E-20\r\n2,,1,-inf\r\n", text.ToString());
    }
}
