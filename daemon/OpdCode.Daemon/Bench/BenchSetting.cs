using OpdCode.Models;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using TorchSharp;

namespace OpdCode.Daemon.Bench;

/// <summary>What the user chose to measure with.</summary>
/// <param name="Model">A model folder whose weights are used, or null.</param>
/// <param name="Shape">The shape of a model of random weights, or null: each benchmark's own.</param>
/// <param name="Repeat">Rounds; in each ours and the baseline run once, and the fastest of each counts.</param>
/// <param name="Memory">Whether peak memory is measured too, each side in a process of its own.</param>
internal sealed record BenchSetting(string? Model, BenchShape? Shape, int Repeat, bool Memory)
{
    /// <summary>The model to measure: the folder's, or random weights in the shape asked for, else in the given one.</summary>
    public Decoder CreateDecoder(BenchShape usual)
    {
        TorchRuntime.EnsureLoaded();
        if (Model is not null) return LanguageModel.Load(Model, torch.CPU).Decoder;
        var decoder = new Decoder((Shape ?? usual).Config(), torch.CPU);
        decoder.Initialize(1);
        return decoder;
    }
}
