using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>
/// LoRA (arXiv 2106.09685): adds scale·B·A to chosen linear layers. A is [rank, in], B is [out, rank]; B starts at
/// zero, so a fresh adapter changes nothing.
/// </summary>
public sealed class LowRankAdapter : IDisposable
{
    private readonly Dictionary<string, int> _indices = new(StringComparer.Ordinal);

    /// <summary>A fresh adapter: A uniform in ±1/√in (PEFT's Kaiming initialisation with a = √5), B zero.</summary>
    /// <param name="modules">Module path (for example model.layers.0.self_attn.q_proj), its outputs and inputs.</param>
    /// <param name="rank">Rank r ≥ 1.</param>
    /// <param name="scale">alpha/r, or alpha/√r for rslora.</param>
    /// <param name="seed">Seed of A.</param>
    /// <param name="device">Where the parameters live.</param>
    public LowRankAdapter(IReadOnlyList<(string Path, long Outputs, long Inputs)> modules, int rank, double scale, long seed, torch.Device device)
    {
        Scale = scale;
        Rank = rank;
        var specs = new List<ParameterSpec>();
        foreach ((string path, long outputs, long inputs) in modules)
        {
            _indices.Add(path, specs.Count);
            specs.Add(ParameterSpec.Matrix(path + ".lora_A.weight", rank, inputs));
            specs.Add(ParameterSpec.Matrix(path + ".lora_B.weight", outputs, rank));
        }
        Parameters = new ParameterBuffer(specs, device, torch.float32);
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator((ulong)seed, device);
        for (int i = 0; i < modules.Count; i++)
        {
            double bound = 1 / Math.Sqrt(modules[i].Inputs);
            Parameters[2 * i].uniform_(-bound, bound, generator);
        }
    }

    /// <summary>Rank r.</summary>
    public int Rank { get; }

    /// <summary>What B·A is multiplied by.</summary>
    public double Scale { get; }

    /// <summary>All A and B, flat.</summary>
    public ParameterBuffer Parameters { get; }

    /// <summary>Paths of the adapted modules.</summary>
    public IReadOnlyCollection<string> Modules => _indices.Keys;

    /// <summary>A [R, in] and B [out, R] of a module, or null when it is not adapted.</summary>
    public (torch.Tensor A_RI, torch.Tensor B_OR)? Of(string path) =>
        _indices.TryGetValue(path, out int at) ? (Parameters[at], Parameters[at + 1]) : null;

    /// <inheritdoc />
    public void Dispose() => Parameters.Dispose();
}
