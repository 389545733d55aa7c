using OpdCode.Models.Weights;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>
/// LoRA (arXiv 2106.09685): adds scale·B·A to chosen linear layers. A is [rank, in], B is [out, rank]; B starts at
/// zero, so a fresh adapter changes nothing.
/// </summary>
public sealed class LowRankAdapter : IDisposable
{
    private readonly Dictionary<string, int> _indices = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<(string Path, long Outputs, long Inputs)> _modules;
    private readonly torch.Device _device;

    /// <summary>A fresh adapter: A uniform in ±1/√in (PEFT's Kaiming initialisation with a = √5), B zero.</summary>
    /// <param name="modules">Module path (for example model.layers.0.self_attn.q_proj), its outputs and inputs.</param>
    /// <param name="rank">Rank r ≥ 1.</param>
    /// <param name="scale">alpha/r, or alpha/√r for rslora.</param>
    /// <param name="seed">Seed of A.</param>
    /// <param name="device">Where the parameters live.</param>
    public LowRankAdapter(IReadOnlyList<(string Path, long Outputs, long Inputs)> modules, int rank, double scale, long seed, torch.Device device)
        : this(modules, rank, scale, device)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator((ulong)seed, device);
        for (int i = 0; i < modules.Count; i++)
        {
            double bound = 1 / Math.Sqrt(modules[i].Inputs);
            Parameters[2 * i].uniform_(-bound, bound, generator);
        }
    }

    private LowRankAdapter(IReadOnlyList<(string Path, long Outputs, long Inputs)> modules, int rank, double scale, torch.Device device)
    {
        Scale = scale;
        Rank = rank;
        _modules = modules;
        _device = device;
        var specs = new List<ParameterSpec>();
        foreach ((string path, long outputs, long inputs) in modules)
        {
            _indices.Add(path, specs.Count);
            specs.Add(ParameterSpec.Matrix(path + ".lora_A.weight", rank, inputs));
            specs.Add(ParameterSpec.Matrix(path + ".lora_B.weight", outputs, rank));
        }
        Parameters = new ParameterBuffer(specs, device, torch.float32);
    }

    /// <summary>An adapter as it was stored, on the device of a model that it is checked against.</summary>
    /// <param name="stored">What the adapter's folder holds; copied.</param>
    /// <param name="model">The model that it will be attached to.</param>
    /// <param name="folder">Where it was read from, for messages.</param>
    /// <exception cref="OpdException">OPD2106 naming the module, the shapes that the model asks for and those found.</exception>
    public static LowRankAdapter Restore(LoraAdapter stored, Decoder model, string folder)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(model);
        Dictionary<string, (string Path, long Outputs, long Inputs)> linear = Linear(model).ToDictionary(m => m.Path, StringComparer.Ordinal);
        var modules = new List<(string Path, long Outputs, long Inputs)>();
        int rank = stored.Config.Rank;
        foreach ((string path, LoraPair pair) in stored.Modules)
        {
            if (!linear.TryGetValue(path, out (string Path, long Outputs, long Inputs) module))
                throw new OpdException(ErrorCodes.AdapterInvalid,
                    $"{folder}: the adapter changes the module '{path}', which is no linear layer in a block of the model. It belongs to another model, or adapts the embedding or the head, which OpdCode does not support.");
            long[] a_RI = pair.A_RI.shape, b_OR = pair.B_OR.shape;
            if (a_RI is not [_, var inputs] || b_OR is not [var outputs, _] || inputs != module.Inputs || outputs != module.Outputs)
                throw new OpdException(ErrorCodes.AdapterInvalid,
                    $"{folder}: the module '{path}' has lora_A [{string.Join(", ", a_RI)}] and lora_B [{string.Join(", ", b_OR)}]; expected [{rank}, {module.Inputs}] and [{module.Outputs}, {rank}]. The adapter belongs to another model.");
            modules.Add(module);
        }
        var adapter = new LowRankAdapter(modules, rank, stored.Config.Scale, model.Device);
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach ((string path, LoraPair pair) in stored.Modules)
        {
            (torch.Tensor a_RI, torch.Tensor b_OR) = adapter.Of(path)!.Value;
            a_RI.copy_(pair.A_RI);
            b_OR.copy_(pair.B_OR);
        }
        return adapter;
    }

    /// <summary>Rank r.</summary>
    public int Rank { get; }

    /// <summary>What B·A is multiplied by.</summary>
    public double Scale { get; }

    /// <summary>All A and B, flat.</summary>
    public ParameterBuffer Parameters { get; }

    /// <summary>Paths of the adapted modules.</summary>
    public IReadOnlyCollection<string> Modules => _indices.Keys;

    /// <summary>Whether it adds exactly nothing: every B is zero, as at the start.</summary>
    public bool IsZero
    {
        get
        {
            using var scope = torch.NewDisposeScope();
            using var none = torch.no_grad();
            return _indices.Values.All(at => Parameters[at + 1].count_nonzero().ToInt64() == 0);
        }
    }

    /// <summary>Another adapter with the same values, not in training.</summary>
    public LowRankAdapter Copy()
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var copy = new LowRankAdapter(_modules, Rank, Scale, _device);
        copy.Parameters.Values_P.copy_(Parameters.Values_P);
        return copy;
    }

    /// <summary>A [R, in] and B [out, R] of a module, or null when it is not adapted.</summary>
    public (torch.Tensor A_RI, torch.Tensor B_OR)? Of(string path) =>
        _indices.TryGetValue(path, out int at) ? (Parameters[at], Parameters[at + 1]) : null;

    /// <summary>What adapter_config.json says of this adapter: short names where all layers of a name are adapted, whole paths elsewhere.</summary>
    internal AdapterConfig Describe(Decoder model, string baseFolder) => new()
    {
        Rank = Rank,
        Alpha = Scale * Rank,
        TargetModules = Linear(model)
            .GroupBy(m => m.Path[(m.Path.LastIndexOf('.') + 1)..], m => m.Path)
            .SelectMany(same => same.All(_indices.ContainsKey) ? [same.Key] : same.Where(_indices.ContainsKey))
            .ToArray(),
        BaseModel = baseFolder,
    };

    // The linear layers that a block gives a chance to add an update; the head and the embedding are used elsewhere as they are.
    private static IEnumerable<(string Path, long Outputs, long Inputs)> Linear(Decoder model) => model.Weights.Named
        .Where(p => p.Key.StartsWith("model.layers.", StringComparison.Ordinal) && p.Value.dim() == 2)
        .Select(p => (p.Key[..^".weight".Length], p.Value.shape[0], p.Value.shape[1]));

    /// <inheritdoc />
    public void Dispose() => Parameters.Dispose();
}
