using OpdCode.Distillation.Runs;
using OpdCode.Models.Decoding;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Training;

/// <summary>AdamW (arXiv 1711.05101) over one flat buffer: a handful of tensor operations whatever the number of parameters.</summary>
/// <remarks>Equal to torch.optim.AdamW applied per parameter, with weight decay on matrices only; a test holds the two together.</remarks>
public sealed class AdamW : IMethodState, IDisposable
{
    private readonly ParameterBuffer _parameters;
    private readonly OptimizerRecipe _recipe;
    private int _step;

    /// <summary>Fresh moments for the parameters, which must have gradients.</summary>
    public AdamW(ParameterBuffer parameters, OptimizerRecipe recipe)
    {
        (_parameters, _recipe) = (parameters, recipe);
        FirstMoment_P = torch.zeros_like(parameters.Values_P).DetachFromDisposeScope();
        SecondMoment_P = torch.zeros_like(parameters.Values_P).DetachFromDisposeScope();
    }

    /// <summary>Running mean of the gradient, [P].</summary>
    public torch.Tensor FirstMoment_P { get; }

    /// <summary>Running mean of the squared gradient, [P].</summary>
    public torch.Tensor SecondMoment_P { get; }

    /// <summary>Applies the gradients, scaled by <paramref name="gradientScale"/>, with the given learning rate.</summary>
    public void Step(double learningRate, double gradientScale)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        _step++;
        torch.Tensor gradient_P = _parameters.Gradients_P ?? throw new InvalidOperationException("EnableTraining was not called");
        if (gradientScale != 1) gradient_P.mul_(gradientScale);
        if (_recipe.WeightDecay != 0)
            _parameters.Values_P.narrow(0, 0, _parameters.DecayedCount).mul_(1 - learningRate * _recipe.WeightDecay);
        FirstMoment_P.mul_(_recipe.Beta1).add_(gradient_P, alpha: 1 - _recipe.Beta1);
        SecondMoment_P.mul_(_recipe.Beta2).addcmul_(gradient_P, gradient_P, 1 - _recipe.Beta2);
        double correction1 = 1 - Math.Pow(_recipe.Beta1, _step), correction2 = 1 - Math.Pow(_recipe.Beta2, _step);
        torch.Tensor denominator_P = (SecondMoment_P / correction2).sqrt_().add_(_recipe.Epsilon);
        _parameters.Values_P.addcdiv_(FirstMoment_P, denominator_P, -learningRate / correction1);
    }

    /// <inheritdoc />
    public string Name => "optimizer";

    /// <inheritdoc />
    public MethodSnapshot Capture() => new(
        new Dictionary<string, torch.Tensor> { ["firstMoment"] = FirstMoment_P.alias().DetachFromDisposeScope(), ["secondMoment"] = SecondMoment_P.alias().DetachFromDisposeScope() },
        new Dictionary<string, double> { ["step"] = _step });

    /// <inheritdoc />
    public void Restore(MethodSnapshot snapshot)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        Copy(snapshot, "firstMoment", FirstMoment_P);
        Copy(snapshot, "secondMoment", SecondMoment_P);
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
    }
}
