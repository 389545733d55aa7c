using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;
using static TorchSharp.torch.autograd;

namespace OpdCode.Distillation.Objectives.Sampled;

/// <summary>
/// log S(y_n) of every row as an [N] tensor with gradient. The forward pass keeps no logits; the backward pass computes
/// them again, chunk by chunk, so everything between log-probabilities and loss can be ordinary autograd on [N] tensors.
/// </summary>
internal sealed class SampledLogprobFunction : SingleTensorFunction<SampledLogprobFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(SampledLogprobFunction);

    /// <summary>log S(y_n), shape [N]; fills the other signals of the rows on the way.</summary>
    public static torch.Tensor Logprobs_N(TokenRows rows, RowSignalBuffers signals)
    {
        bool trainHidden = torch.is_grad_enabled() && rows.StudentHidden_ND.requires_grad;
        bool trainHead = torch.is_grad_enabled() && rows.StudentHead_VD is { requires_grad: true };
        using (torch.no_grad())
        {
            torch.Tensor none = torch.zeros_like(signals.Loss_N);
            new FusedLoss(NoLoss.Instance, 1, 1).Apply(rows, none, signals).Dispose();
            none.Dispose();
        }
        if (!trainHidden && !trainHead) return signals.StudentLogprob_N;
        List<object> arguments = [new Request(rows, signals.StudentLogprob_N, trainHidden, trainHead)];
        if (trainHidden) arguments.Add(rows.StudentHidden_ND);
        if (trainHead) arguments.Add(rows.StudentHead_VD!);
        return apply(arguments.ToArray());
    }

    /// <inheritdoc/>
    public override torch.Tensor forward(AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(nameof(Request), vars[0]);
        return ((Request)vars[0]).Logprob_N.clone();
    }

    /// <inheritdoc/>
    public override List<torch.Tensor> backward(AutogradContext ctx, torch.Tensor grad_output)
    {
        Request request = (Request)ctx.get_data(nameof(Request));
        using var guard = torch.no_grad();
        FusedGradients gradients = new(request.Rows, request.Hidden, request.Head);
        RowSignalBuffers signals = RowSignalBuffers.For(request.Rows with { TeacherHidden_NM = null }, hasMass: false);
        // d log S(y) / d z = 1_y − S is minus the gradient of the next-token loss.
        new FusedLoss(NextTokenLoss.Instance, 1, 1).Accumulate(request.Rows with { TeacherHidden_NM = null }, grad_output.neg(), signals, gradients).Dispose();
        List<torch.Tensor> result = [null!];
        if (gradients.Hidden_ND is not null) result.Add(gradients.Hidden_ND);
        if (gradients.Head_VD is not null) result.Add(gradients.Head_VD);
        return result;
    }

    private sealed record Request(TokenRows Rows, torch.Tensor Logprob_N, bool Hidden, bool Head);
}
