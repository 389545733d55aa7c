using System.Text;
using OpdCode.Distillation.Runs;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Runs;

public sealed class TensorBoardLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File_ => Path.Combine(_folder.Path, "tensorboard", "events.out.tfevents.opdcode");

    public void Dispose() => _folder.Dispose();

    /// <summary>The check value of CRC-32C (RFC 3720, appendix B.4 and everybody's "123456789"), then TensorFlow's mask.</summary>
    [Fact]
    public void The_checksum_is_the_masked_crc_32c()
    {
        const uint crc = 0xE3069283;
        Assert.Equal(((crc >> 15) | (crc << 17)) + 0xA282EAD8, TensorBoardLog.Masked(Encoding.ASCII.GetBytes("123456789")));
    }

    /// <summary>The judge is the protocol buffer code that TorchSharp generated from TensorFlow's own definitions.</summary>
    [Fact]
    public void Events_are_what_the_definitions_of_TensorFlow_say()
    {
        var log = new TensorBoardLog(_folder.Path, TimeProvider.System);
        log.Append(new StepMetrics(0, new Dictionary<string, double> { ["accuracy"] = 0.25 }));
        log.Append(new StepMetrics(300, new Dictionary<string, double> { ["loss"] = -1.5, ["größe"] = double.NaN }));
        Tensorboard.Event[] events = Read();
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal([0, 0, 300], events.Select(e => e.Step));
        Assert.All(events, e => Assert.Equal(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), e.WallTime, 120d));
        Assert.Equal(("accuracy", 0.25f), (events[1].Summary.Value[0].Tag, events[1].Summary.Value[0].SimpleValue));
        Assert.Equal(["loss", "größe"], events[2].Summary.Value.Select(v => v.Tag));
        Assert.Equal([-1.5f, float.NaN], events[2].Summary.Value.Select(v => v.SimpleValue));
    }

    [Fact]
    public void Going_back_to_a_step_takes_out_later_ones_and_a_torn_end()
    {
        var log = new TensorBoardLog(_folder.Path, TimeProvider.System);
        for (int step = 1; step <= 400; step++) log.Append(new StepMetrics(step, new Dictionary<string, double> { ["loss"] = step }));
        using (FileStream stream = File.OpenWrite(File_)) stream.SetLength(stream.Length - 7);
        log.CutAfter(200);
        log.Append(new StepMetrics(201, new Dictionary<string, double> { ["loss"] = 0 }));
        Assert.Equal(Enumerable.Range(0, 202).Select(i => (long)i), Read().Select(e => e.Step));
        using (FileStream stream = File.OpenWrite(File_)) stream.SetLength(stream.Length - 7);
        log.CutAfter(500);
        Assert.Equal(200, Read()[^1].Step);
    }

    private Tensorboard.Event[] Read() => [.. TensorBoardLog.Records(File.ReadAllBytes(File_)).Select(Tensorboard.Event.Parser.ParseFrom)];
}
