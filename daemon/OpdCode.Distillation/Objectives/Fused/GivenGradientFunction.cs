using TorchSharp;
using static TorchSharp.torch.autograd;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>
/// A scalar whose gradients are already known: the backward pass hands them out, times the incoming gradient.
/// </summary>
internal sealed class GivenGradientFunction : SingleTensorFunction<GivenGradientFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(GivenGradientFunction);

    /// <summary>Makes <paramref name="value"/> depend on the inputs with the given gradients; an input without gradient is left out.</summary>
    public static torch.Tensor Attach(torch.Tensor value, torch.Tensor hidden, torch.Tensor? hiddenGradient, torch.Tensor? head, torch.Tensor? headGradient)
    {
        List<object> arguments = [new Known(value, hiddenGradient, headGradient)];
        if (hiddenGradient is not null) arguments.Add(hidden);
        if (headGradient is not null) arguments.Add(head!);
        return apply(arguments.ToArray());
    }

    /// <inheritdoc/>
    public override torch.Tensor forward(AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(nameof(Known), vars[0]);
        return ((Known)vars[0]).Value.clone();
    }

    /// <inheritdoc/>
    public override List<torch.Tensor> backward(AutogradContext ctx, torch.Tensor grad_output)
    {
        Known known = (Known)ctx.get_data(nameof(Known));
        double scale = grad_output.ToDouble();
        List<torch.Tensor> gradients = [null!]; // the first argument is not a tensor
        if (known.HiddenGradient is not null) gradients.Add(Scaled(known.HiddenGradient, scale));
        if (known.HeadGradient is not null) gradients.Add(Scaled(known.HeadGradient, scale));
        return gradients;
    }

    private static torch.Tensor Scaled(torch.Tensor gradient, double scale) => scale == 1 ? gradient : gradient.mul(scale);

    private sealed record Known(torch.Tensor Value, torch.Tensor? HiddenGradient, torch.Tensor? HeadGradient);
}
