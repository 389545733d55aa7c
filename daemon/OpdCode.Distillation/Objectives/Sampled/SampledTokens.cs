using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Sampled;

/// <summary>The sampled tokens of a micro-batch as all sampled-token objectives see them, nats, in the type of the pass.</summary>
internal sealed record SampledTokens
{
    /// <summary>log S(y) of the weights in training, with gradient.</summary>
    public required torch.Tensor Logprob_N { get; init; }

    /// <summary>log S_old(y): the trainer's own weights when the inner loop began; the current ones where none are given. Detached.</summary>
    public required torch.Tensor Old_N { get; init; }

    /// <summary>log T(y), detached; null without a teacher.</summary>
    public torch.Tensor? Teacher_N { get; init; }

    /// <summary>What was measured on the way.</summary>
    public required RowSignalBuffers Signals { get; init; }

    /// <summary>Measures the rows: one pass over the heads, none of whose logits are kept.</summary>
    public static SampledTokens Measure(TokenRows rows)
    {
        RowSignalBuffers signals = RowSignalBuffers.For(rows, hasMass: false);
        torch.Tensor logprob_N = SampledLogprobFunction.Logprobs_N(rows, signals);
        return new SampledTokens
        {
            Logprob_N = logprob_N,
            Old_N = rows.OldLogprobs_N?.detach().to(logprob_N.dtype) ?? signals.StudentLogprob_N,
            Teacher_N = signals.TeacherLogprob_N ?? rows.TeacherLogprobs_N?.detach().to(logprob_N.dtype),
            Signals = signals,
        };
    }

    /// <summary>log T(y), or the error that says what is missing.</summary>
    public torch.Tensor RequireTeacher_N(string who) => Teacher_N ?? throw new OpdException(ErrorCodes.ObjectiveInputMissing,
        $"{who} needs the teacher's log-probability of every token, and these rows have none. Add a teacher signal.");
}
