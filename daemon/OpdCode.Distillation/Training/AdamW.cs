using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Runs;
using OpdCode.Models.Decoding;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Training;

/// <summary>
/// AdamW (arXiv 1711.05101) over one flat buffer: one pass over memory on the processor, a handful of tensor operations
/// elsewhere, whatever the number of parameters. Moments are float32 whatever the weights are.
/// </summary>
/// <remarks>
/// Equal to torch.optim.AdamW applied per parameter, with weight decay on matrices only. Weights in bfloat16 are updated
/// through a float32 master copy, or rounded stochastically, so that an update below their last bit is not lost.
/// </remarks>
public sealed class AdamW : IMethodState, IDisposable
{
    // Bounds the temporaries of the tensor operations.
    private const long ChunkElements = 1 << 24;

    private readonly ParameterBuffer _parameters;
    private readonly OptimizerRecipe _recipe;
    private readonly torch.Tensor? _master_P;
    private readonly long _seed;
    private int _step;

    /// <summary>Fresh moments for the parameters, which must have gradients.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="recipe">Settings.</param>
    /// <param name="seed">Seed of stochastic rounding.</param>
    public AdamW(ParameterBuffer parameters, OptimizerRecipe recipe, long seed = 0)
    {
        (_parameters, _recipe, _seed) = (parameters, recipe, seed);
        FirstMoment_P = torch.zeros_like(parameters.Values_P, dtype: torch.ScalarType.Float32).DetachFromDisposeScope();
        SecondMoment_P = torch.zeros_like(parameters.Values_P, dtype: torch.ScalarType.Float32).DetachFromDisposeScope();
        if (recipe.MasterWeights && parameters.Values_P.dtype != torch.ScalarType.Float32)
            _master_P = parameters.Values_P.detach().to_type(torch.ScalarType.Float32).DetachFromDisposeScope();
    }

    /// <summary>Running mean of the gradient, float32 [P].</summary>
    public torch.Tensor FirstMoment_P { get; }

    /// <summary>Running mean of the squared gradient, float32 [P].</summary>
    public torch.Tensor SecondMoment_P { get; }

    /// <summary>Applies the gradients, scaled by <paramref name="gradientScale"/>, with the given learning rate.</summary>
    public void Step(double learningRate, double gradientScale)
    {
        using StepProfile.Span span = StepProfile.Measure("optimizer");
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        if (_parameters.Gradients_P is null) throw new InvalidOperationException("EnableTraining was not called");
        _step++;
        double correction1 = 1 - Math.Pow(_recipe.Beta1, _step), correction2 = 1 - Math.Pow(_recipe.Beta2, _step);
        var factors = new AdamWFactors((float)gradientScale, (float)_recipe.Beta1, (float)_recipe.Beta2, (float)_recipe.Epsilon,
            (float)(1 - learningRate * _recipe.WeightDecay), (float)(learningRate / correction1), (float)(1 / correction2));
        uint key = (uint)HashCode(_seed, _step);
        if (AdamWKernel.Reaches(_parameters, FirstMoment_P)) AdamWKernel.Update(_parameters, _master_P, FirstMoment_P, SecondMoment_P, factors, key);
        else Update(factors, key);
    }

    // The same in tensor operations, for every device.
    private void Update(AdamWFactors f, uint key)
    {
        using var generator = new torch.Generator(key, _parameters.Values_P.device);
        long count = _parameters.Values_P.numel(), decayed = _parameters.DecayedCount;
        for (long at = 0, length; at < count; at += length)
        {
            using var scope = torch.NewDisposeScope();
            length = Math.Min(ChunkElements, (at < decayed ? decayed : count) - at);
            torch.Tensor weight_C = _parameters.Values_P.narrow(0, at, length), first_C = FirstMoment_P.narrow(0, at, length), second_C = SecondMoment_P.narrow(0, at, length);
            torch.Tensor gradient_C = _parameters.Gradients_P!.narrow(0, at, length).to_type(torch.ScalarType.Float32).mul(f.GradientScale);
            torch.Tensor exact_C = _master_P?.narrow(0, at, length) ?? weight_C.to_type(torch.ScalarType.Float32);
            if (_master_P is not null) exact_C.copy_(torch.where(exact_C.to_type(weight_C.dtype).eq(weight_C), exact_C, weight_C.to_type(torch.ScalarType.Float32))); // set by somebody else since
            first_C.mul_(f.Beta1).add_(gradient_C, alpha: 1 - f.Beta1);
            second_C.mul_(f.Beta2).addcmul_(gradient_C, gradient_C, 1 - f.Beta2);
            if (at < decayed && f.Decay != 1) exact_C.mul_(f.Decay);
            exact_C.addcdiv_(first_C, (second_C * f.Widen).sqrt_().add_(f.Epsilon), -f.Rate);
            if (weight_C.dtype == torch.ScalarType.Float32) continue; // exact_C is the weight itself
            if (_master_P is null)
            {
                // Up to half a last place either way before rounding to the nearest: up or down with the probability that makes the mean exact.
                torch.Tensor lastPlace_C = (torch.frexp(exact_C).Exponent.to_type(torch.ScalarType.Float32) - 8).exp2();
                exact_C.add_(torch.rand([length], device: weight_C.device, generator: generator).sub_(0.5).mul_(lastPlace_C));
            }
            weight_C.copy_(exact_C);
        }
    }

    private static int HashCode(long seed, int step) => unchecked((int)((ulong)seed * 0x9E3779B97F4A7C15UL >> 32) ^ (step * (int)0x85EBCA6B));

    /// <inheritdoc />
    public string Name => "optimizer";

    /// <inheritdoc />
    public MethodSnapshot Capture()
    {
        var tensors = new Dictionary<string, torch.Tensor> { ["firstMoment"] = FirstMoment_P.alias().DetachFromDisposeScope(), ["secondMoment"] = SecondMoment_P.alias().DetachFromDisposeScope() };
        if (_master_P is not null) tensors["masterWeights"] = _master_P.alias().DetachFromDisposeScope();
        return new MethodSnapshot(tensors, new Dictionary<string, double> { ["step"] = _step });
    }

    /// <inheritdoc />
    public void Restore(MethodSnapshot snapshot)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        Copy(snapshot, "firstMoment", FirstMoment_P);
        Copy(snapshot, "secondMoment", SecondMoment_P);
        if (_master_P is not null) Copy(snapshot, "masterWeights", _master_P);
        _step = (int)snapshot.Numbers["step"];
    }

    private static void Copy(MethodSnapshot snapshot, string name, torch.Tensor moment_P)
    {
        if (!snapshot.Tensors.TryGetValue(name, out torch.Tensor? stored_P) || stored_P.numel() != moment_P.numel())
            throw new OpdException(ErrorCodes.CheckpointInvalid, $"The optimizer's {name} in the checkpoint has {stored_P?.numel() ?? 0} elements and the student trains {moment_P.numel()}. It belongs to another model or adapter.");
        moment_P.copy_(stored_P);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        FirstMoment_P.Dispose();
        SecondMoment_P.Dispose();
        _master_P?.Dispose();
    }
}
