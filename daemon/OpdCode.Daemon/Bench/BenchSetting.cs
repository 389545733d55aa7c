using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using TorchSharp;

namespace OpdCode.Daemon.Bench;

/// <summary>What the user chose to measure with.</summary>
/// <param name="Model">A model folder whose weights are used, or null.</param>
/// <param name="Shape">The shape of a model of random weights, or null: each benchmark's own.</param>
/// <param name="Repeat">Rounds; in each ours and the baseline run once, and the fastest of each counts.</param>
/// <param name="Memory">Whether peak memory is measured too, each side in a process of its own.</param>
internal sealed record BenchSetting(string? Model, BenchShape? Shape, int Repeat, bool Memory)
{
    /// <summary>The shape of the model to measure.</summary>
    public DecoderConfig Config(BenchShape usual) => Model is null ? (Shape ?? usual).Config() : DecoderConfig.Load(Model);

    /// <summary>The model to measure: the folder's, or random weights in the shape asked for, else in the given one.</summary>
    /// <param name="usual">The shape where the user named none.</param>
    /// <param name="type">Type of the weights.</param>
    public Decoder CreateDecoder(BenchShape usual, torch.ScalarType type = torch.ScalarType.Float32)
    {
        TorchRuntime.EnsureLoaded();
        var decoder = new Decoder(Config(usual), torch.CPU, type);
        if (Model is null)
        {
            decoder.Initialize(1);
            return decoder;
        }
        // The weights alone: there is no text to be made of what is written.
        using ModelWeights weights = ModelWeights.Open(Model);
        foreach ((string name, torch.Tensor value) in decoder.Weights.Named) weights.CopyTo(name, value);
        return decoder;
    }
}
