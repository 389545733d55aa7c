using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>
/// Policy gradient on the sampled token: loss = −(S/S_old)(y) · A with the detached advantage A = c·(log T(y) − log S_old(y)).
/// A &gt; 0: the teacher likes the token more than the student did. Its expectation under the student is the gradient of
/// KL(student‖teacher) at each state, states detached.
/// </summary>
internal sealed class PolicyGradientObjective(PolicyGradientObjectiveRecipe recipe) : IObjective
{
    /// <inheritdoc/>
    public bool NeedsTeacher => true;

    /// <inheritdoc/>
    public string Label => "policy gradient on log T − log S of the sampled token (k1, detached; nats)";

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenRows rows)
    {
        RowSignalBuffers signals = RowSignalBuffers.For(rows, hasMass: false);
        torch.Tensor logprob_N = SampledLogprobFunction.Logprobs_N(rows, signals);
        torch.Tensor teacher_N = signals.TeacherLogprob_N ?? rows.TeacherLogprobs_N?.to(signals.Loss_N.dtype)
            ?? throw new OpdException(ErrorCodes.ObjectiveInputMissing, "The policy gradient needs the teacher's log-probability of every token, and these rows have none. Add a teacher signal.");
        torch.Tensor old_N = (rows.OldLogprobs_N ?? logprob_N).detach();
        torch.Tensor advantage_N = (teacher_N - old_N).mul_(recipe.Coefficient);
        torch.Tensor ratio_N = (logprob_N - old_N).exp();
        torch.Tensor loss_N = (ratio_N * advantage_N).neg();
        torch.Tensor coefficients_N = RowCoefficients.For(rows, LossNormalization.Tokens, loss_N.dtype);
        return new ObjectiveResult((loss_N * coefficients_N).sum(), new TokenSignals
        {
            StudentLogprob_N = signals.StudentLogprob_N,
            TeacherLogprob_N = teacher_N,
            StudentEntropy_N = signals.StudentEntropy_N,
            TeacherEntropy_N = signals.TeacherEntropy_N,
            Advantage_N = advantage_N,
            Loss_N = loss_N.detach() * rows.Weights_N.detach(),
        });
    }
}
