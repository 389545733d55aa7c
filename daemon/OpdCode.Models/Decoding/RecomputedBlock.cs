using TorchSharp;
using static TorchSharp.torch.autograd;

namespace OpdCode.Models.Decoding;

/// <summary>
/// Activation checkpointing (arXiv 1604.06174): one node of the autograd graph that keeps the input of a block, not what
/// the block computes on the way. The backward pass computes the block again and goes back through it; the same
/// operations on the same numbers give the same gradient.
/// </summary>
internal sealed class RecomputedBlock : SingleTensorFunction<RecomputedBlock>
{
    /// <inheritdoc/>
    public override string Name => nameof(RecomputedBlock);

    /// <summary>The block's output for an input; <paramref name="block"/> is run now and once more in the backward pass.</summary>
    /// <remarks>The input is kept in the scope outside the current one, where the graph's other tensors live.</remarks>
    public static torch.Tensor Apply(torch.Tensor x_TD, Func<torch.Tensor, torch.Tensor> block)
    {
        torch.Tensor kept_TD = x_TD.detach().MoveToOuterDisposeScope();
        // Gradients of weights flow inside the block; a node without an input that wants one would never be visited.
        torch.Tensor wanted = torch.zeros(1, device: x_TD.device, requires_grad: true);
        return apply(new Request(kept_TD, block), x_TD, wanted);
    }

    /// <inheritdoc/>
    public override torch.Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var request = (Request)vars[0];
        ctx.save_data(nameof(Request), request);
        using var none = torch.no_grad();
        return request.Block(request.Input_TD);
    }

    /// <inheritdoc/>
    public override List<torch.Tensor> backward(AutogradContext ctx, torch.Tensor grad_output)
    {
        var request = (Request)ctx.get_data(nameof(Request));
        using DisposeScope scope = torch.NewDisposeScope();
        using var enabled = torch.enable_grad();
        torch.Tensor x_TD = request.Input_TD.detach().requires_grad_(true);
        torch.autograd.backward([request.Block(x_TD)], [grad_output]);
        torch.Tensor gradient_TD = x_TD.grad!.MoveToOuterDisposeScope();
        request.Input_TD.Dispose();
        return [null!, gradient_TD, torch.zeros(1, device: gradient_TD.device).MoveToOuterDisposeScope()];
    }

    private sealed record Request(torch.Tensor Input_TD, Func<torch.Tensor, torch.Tensor> Block);
}
