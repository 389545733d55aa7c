using OpdCode.Models.Decoding;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>The weights of one block in the order that generation reads.</summary>
internal sealed unsafe class CpuLayer : IDisposable
{
    private readonly NativeFloats _norms;
    private readonly DecoderConfig _config;

    public CpuLayer(IKernels kernels, ThreadTeam team, Decoder model, DecoderLayout.Layer places)
    {
        DecoderConfig c = _config = model.Config;
        int q = c.Heads * c.HeadSize, kv = c.KeyValueHeads * c.HeadSize;
        Qkv = new CpuLinear(kernels, team, model, places.Qkv, places.QkvBias, places.Prefix, ("self_attn.q_proj", q), ("self_attn.k_proj", kv), ("self_attn.v_proj", kv));
        Output = new CpuLinear(kernels, team, model, places.Output, places.OutputBias, places.Prefix, ("self_attn.o_proj", c.HiddenSize));
        GateUp = new CpuLinear(kernels, team, model, places.GateUp, places.GateUpBias, places.Prefix, ("mlp.gate_proj", c.IntermediateSize), ("mlp.up_proj", c.IntermediateSize));
        Down = new CpuLinear(kernels, team, model, places.Down, places.DownBias, places.Prefix, ("mlp.down_proj", c.HiddenSize));
        _norms = new NativeFloats(2 * c.HiddenSize + 2 * c.HeadSize);
        Copy(model.Weights[places.InputNorm], InputNorm);
        Copy(model.Weights[places.PostNorm], PostNorm);
        if (!c.QkNorm) return;
        Copy(model.Weights[places.QueryNorm], QueryNorm);
        Copy(model.Weights[places.KeyNorm], KeyNorm);
    }

    public CpuLinear Qkv { get; }

    public CpuLinear Output { get; }

    public CpuLinear GateUp { get; }

    public CpuLinear Down { get; }

    public float* InputNorm => _norms.Start;

    public float* PostNorm => _norms.Start + _config.HiddenSize;

    public float* QueryNorm => _norms.Start + 2 * _config.HiddenSize;

    public float* KeyNorm => _norms.Start + 2 * _config.HiddenSize + _config.HeadSize;

    /// <summary>Copies a vector of any type.</summary>
    public static void Copy(torch.Tensor vector, float* to)
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor plain = vector.detach().to_type(torch.float32).contiguous();
        int count = (int)plain.numel();
        new Span<float>(ProcessorMemory.Of<float>(plain), count).CopyTo(new Span<float>(to, count));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Qkv.Dispose();
        Output.Dispose();
        GateUp.Dispose();
        Down.Dispose();
        _norms.Dispose();
    }
}
