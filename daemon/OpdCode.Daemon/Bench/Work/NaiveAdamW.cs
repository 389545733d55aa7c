using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>
/// AdamW as it is usually written: clip by the norm of norms, then a dozen tensor operations for each parameter in turn,
/// in the order of torch.optim.AdamW without "fused" or "foreach". Only here to be measured against.
/// </summary>
internal sealed class NaiveAdamW : IDisposable
{
    private readonly (torch.Tensor Value, torch.Tensor Gradient, torch.Tensor First, torch.Tensor Second)[] _parameters;
    private int _step;

    public NaiveAdamW(ParameterBuffer parameters)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        _parameters = [.. parameters.Named.Values.Select(value => (value,
            parameters.Gradients_P!.as_strided(value.shape, value.stride(), value.storage_offset()).DetachFromDisposeScope(),
            torch.zeros_like(value).DetachFromDisposeScope(), torch.zeros_like(value).DetachFromDisposeScope()))];
    }

    public void Step(double learningRate)
    {
        using var none = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        double norm = torch.stack(_parameters.Select(p => p.Gradient.norm()).ToArray()).norm().ToDouble();
        foreach (var p in _parameters) p.Gradient.mul_(Math.Min(1, 1 / (norm + 1e-6)));
        _step++;
        double correction1 = 1 - Math.Pow(0.9, _step), correction2 = 1 - Math.Pow(0.95, _step);
        foreach (var (value, gradient, first, second) in _parameters)
        {
            using DisposeScope one = torch.NewDisposeScope();
            value.mul_(1 - learningRate * 0.01);
            first.mul_(0.9).add_(gradient, alpha: 0.1);
            second.mul_(0.95).addcmul_(gradient, gradient, 0.05);
            value.addcdiv_(first, second.sqrt().div_(Math.Sqrt(correction2)).add_(1e-8), -learningRate / correction1);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var p in _parameters)
        {
            p.Gradient.Dispose();
            p.First.Dispose();
            p.Second.Dispose();
        }
    }
}
