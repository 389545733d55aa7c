using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using TorchSharp;

namespace OpdCode.Models.Tests.Decoding;

/// <summary>Golden frequencies, computed apart in Python from the published formulas for the settings of real models.</summary>
public sealed class RotaryTableTests
{
    [Theory] // Llama-3.1-8B: head 128, theta 500000, factor 8, bands 1 and 4, 8,192 positions
    [InlineData(0, 1.0)]
    [InlineData(20, 0.016560440080994446)] // short wavelengths are kept
    [InlineData(30, 0.0013718935677611381)] // the band between
    [InlineData(34, 0.00017850781276799638)]
    [InlineData(63, 3.068925988914511e-07)] // long wavelengths are divided by 8
    public void Llama_three_stretches_long_wavelengths(int pair, double expected) =>
        Close(expected, RotaryTable.Frequencies(new RopeConfig { Theta = 500000, Kind = "llama3", Factor = 8, LowFrequencyFactor = 1, HighFrequencyFactor = 4, OriginalMaxPositions = 8192 }, 128, 1).Frequencies[pair]);

    [Theory] // Qwen2.5 with YaRN: head 128, theta 1e6, factor 4, 32,768 positions
    [InlineData(0, 1.0)]
    [InlineData(24, 0.005375321490790102)]
    [InlineData(30, 0.0010643609812470017)]
    [InlineData(63, 3.102344401879299e-07)]
    public void Yarn_ramps_between_kept_and_interpolated(int pair, double expected)
    {
        (double[] frequencies, double scale) = RotaryTable.Frequencies(new RopeConfig { Theta = 1e6, Kind = "yarn", Factor = 4, OriginalMaxPositions = 32768 }, 128, 1);
        Close(expected, frequencies[pair]);
        Close(1.138629436111989, scale);
    }

    [Fact]
    public void Dynamic_scaling_acts_only_beyond_the_original_context()
    {
        var rope = new RopeConfig { Theta = 10000, Kind = "dynamic", Factor = 2, OriginalMaxPositions = 100 };
        double[] plain = RotaryTable.Frequencies(rope with { Kind = "default" }, 16, 100).Frequencies;
        Assert.Equal(plain, RotaryTable.Frequencies(rope, 16, 100).Frequencies);
        double[] longer = RotaryTable.Frequencies(rope, 16, 200).Frequencies;
        // theta · (2·200/100 − 1)^(16/14) = 10000 · 3^(8/7)
        Close(Math.Pow(10000 * Math.Pow(3, 8.0 / 7), -2.0 / 16), longer[1]);
    }

    [Theory]
    [InlineData(10)] // within the original context
    [InlineData(150)] // beyond it, but shorter than what came before
    public void Dynamic_tables_do_not_depend_on_what_was_asked_before(int length)
    {
        TorchRuntime.EnsureLoaded();
        JsonObject json = TinyModels.Json();
        json["rope_scaling"] = new JsonObject { ["rope_type"] = "dynamic", ["factor"] = 4.0 };
        DecoderConfig config = DecoderConfigReader.Read("config.json", json);
        using var scope = torch.NewDisposeScope();
        using RotaryTable used = new(config), fresh = new(config);
        used.Rows(300, torch.CPU);
        Assert.Equal(Cosines(fresh, length), Cosines(used, length));
        Assert.NotEqual(Cosines(fresh, length), Cosines(used, 300)[..(length * 4)]);
        Assert.Equal(Cosines(fresh, length), Cosines(used, length));
    }

    [Theory]
    [InlineData("yarn", 4, 32, 128)] // max_position_embeddings already counts the stretch
    [InlineData("yarn", 8, 32, 256)]
    [InlineData("dynamic", 3, 128, 128)] // exact only where its angles do not move
    [InlineData("linear", 3, 128, 128)]
    [InlineData("llama3", 8, 16, 128)]
    public void The_context_ends_where_the_scaling_does(string kind, double factor, int original, int expected)
    {
        JsonObject json = TinyModels.Json();
        json["rope_scaling"] = new JsonObject { ["rope_type"] = kind, ["factor"] = factor, ["original_max_position_embeddings"] = (double)original };
        Assert.Equal(expected, DecoderConfigReader.Read("config.json", json).ContextLimit);
    }

    private static float[] Cosines(RotaryTable table, int length) => table.Rows(length, torch.CPU).Cos_PH.narrow(0, 0, length).data<float>().ToArray();

    private static void Close(double expected, double found) => Assert.Equal(expected, found, 1e-12 * Math.Max(1, Math.Abs(expected)));
}
