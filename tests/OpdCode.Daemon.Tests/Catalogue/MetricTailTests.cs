using OpdCode.Daemon.Catalogue;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Catalogue;

public sealed class MetricTailTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private void Append(string text) => File.AppendAllText(_folder.File("metrics.jsonl"), text);

    [Fact]
    public void The_newest_value_of_every_name_is_kept_and_a_torn_line_waits_for_its_end()
    {
        var tail = new MetricTail(_folder.Path);
        tail.Refresh();
        Assert.Equal((0, 0), (tail.Step, tail.Latest.Count));
        Append("{\"step\":0,\"accuracy\":0.25}\n{\"step\":1,\"loss\":2.5,\"seconds\":0.5}\n{\"step\":2,\"lo");
        tail.Refresh();
        Assert.Equal((1, 0.25, 2.5), (tail.Step, tail.AccuracyBefore, tail.Latest["loss"]));
        Append("ss\":1.5,\"seconds\":0.5,\"odd\":\"NaN\",\"deep\":{\"x\":[1]}}\nnot json\n");
        tail.Refresh();
        Assert.Equal((2, 1.5, 0.25, 0.5), (tail.Step, tail.Latest["loss"], tail.Latest["accuracy"], tail.SecondsPerStep));
        Assert.False(tail.Latest.ContainsKey("odd"));
    }

    [Fact]
    public void A_file_that_was_cut_is_read_anew()
    {
        Append("{\"step\":1,\"loss\":3,\"gone\":1}\n{\"step\":2,\"loss\":2}\n");
        var tail = new MetricTail(_folder.Path);
        tail.Refresh();
        File.WriteAllText(_folder.File("metrics.jsonl"), "{\"step\":1,\"loss\":5}\n");
        tail.Refresh();
        Assert.Equal((1, 5.0, false), (tail.Step, tail.Latest["loss"], tail.Latest.ContainsKey("gone")));
    }

    [Fact]
    public void Of_a_long_file_only_its_ends_are_read_and_a_rare_metric_is_found_all_the_same()
    {
        using (var writer = new StreamWriter(_folder.File("metrics.jsonl")))
        {
            writer.Write("{\"step\":0,\"accuracy\":0.125}\n");
            for (int step = 1; step <= 120_000; step++) writer.Write(step == 60_000 ? $"{{\"step\":{step},\"loss\":1,\"accuracy\":0.5}}\n" : $"{{\"step\":{step},\"loss\":{step},\"filling\":\"{new string('x', 40)}\"}}\n");
        }
        var tail = new MetricTail(_folder.Path);
        tail.Refresh();
        Assert.Equal((120_000, 120_000.0, 0.125, 0.5), (tail.Step, tail.Latest["loss"], tail.AccuracyBefore, tail.Latest["accuracy"]));
        Append("{\"step\":120001,\"loss\":7}\n");
        tail.Refresh();
        Assert.Equal((120_001, 7.0), (tail.Step, tail.Latest["loss"]));
    }
}
