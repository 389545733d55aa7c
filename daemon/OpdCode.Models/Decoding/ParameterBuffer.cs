using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>
/// All parameters of a model in one flat tensor, and all gradients in another: the optimizer, the gradient norm and a
/// checkpoint are then a handful of calls whatever the number of layers. Each parameter is a view that autograd
/// treats as a leaf; its gradient is a view into the flat gradient, into which backward accumulates in place.
/// </summary>
/// <remarks>Matrices come first, then vectors (norms, biases), so that weight decay is one narrow view.</remarks>
public sealed class ParameterBuffer : IDisposable
{
    private readonly Dictionary<string, torch.Tensor> _named = new(StringComparer.Ordinal);
    private readonly List<torch.Tensor> _parameters = [];
    private readonly List<(long Offset, long Count, long[] Shape)> _places = [];

    internal ParameterBuffer(IReadOnlyList<ParameterSpec> specs, torch.Device device, torch.ScalarType type)
    {
        long total = specs.Sum(s => s.Count), decayed = specs.Where(s => s.Decays).Sum(s => s.Count);
        DecayedCount = decayed;
        using var scope = torch.NewDisposeScope();
        Values_P = torch.zeros(total, type, device).DetachFromDisposeScope();
        long matrixAt = 0, vectorAt = decayed;
        foreach (ParameterSpec spec in specs)
        {
            long offset = spec.Decays ? matrixAt : vectorAt;
            if (spec.Decays) matrixAt += spec.Count; else vectorAt += spec.Count;
            torch.Tensor parameter = Values_P.narrow(0, offset, spec.Count).view(spec.Shape).DetachFromDisposeScope();
            _parameters.Add(parameter);
            _places.Add((offset, spec.Count, spec.Shape));
            long row = 0;
            foreach ((string name, long rows) in spec.Parts)
            {
                _named.Add(name, parameter.narrow(0, row, rows).detach().DetachFromDisposeScope());
                row += rows;
            }
        }
    }

    /// <summary>Every parameter, flat: shape [P].</summary>
    public torch.Tensor Values_P { get; }

    /// <summary>Every gradient, flat: shape [P]; null until <see cref="EnableTraining"/>.</summary>
    public torch.Tensor? Gradients_P { get; private set; }

    /// <summary>How many leading elements belong to matrices and are subject to weight decay.</summary>
    public long DecayedCount { get; }

    /// <summary>Checkpoint names and views of their values, in the order of the model. Writing to a view changes the model.</summary>
    public IReadOnlyDictionary<string, torch.Tensor> Named => _named;

    /// <summary>The i-th parameter in the order of the specs.</summary>
    internal torch.Tensor this[int index] => _parameters[index];

    /// <summary>Makes every parameter a leaf that wants a gradient and lays the flat gradient under them.</summary>
    public void EnableTraining()
    {
        if (Gradients_P is not null) return;
        using var scope = torch.NewDisposeScope();
        Gradients_P = torch.zeros_like(Values_P).DetachFromDisposeScope();
        for (int i = 0; i < _parameters.Count; i++)
        {
            (long offset, long count, long[] shape) = _places[i];
            _parameters[i].requires_grad_(true);
            _parameters[i].grad = Gradients_P.narrow(0, offset, count).view(shape);
        }
    }

    /// <summary>Sets all gradients to zero, in place.</summary>
    public void ZeroGradients()
    {
        using torch.Tensor? same = Gradients_P?.zero_(); // an in-place operation returns a second handle, which wants an owner too
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (torch.Tensor view in _named.Values) view.Dispose();
        foreach (torch.Tensor parameter in _parameters) parameter.Dispose();
        Gradients_P?.Dispose();
        Values_P.Dispose();
    }
}
