using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Stabilizers.Terms;
using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>
/// The trained positions of one micro-batch, flattened: row n is the state before response token n. Prompt, padding
/// and masked positions are not here, so no objective can train on them by accident.
/// </summary>
/// <remarks>Suffixes: N rows, D student width, M teacher width, V rows of the student head, W rows of the teacher head.</remarks>
public sealed record TokenRows
{
    /// <summary>Last hidden states of the student, with gradient.</summary>
    public required torch.Tensor StudentHidden_ND { get; init; }

    /// <summary>The student's output matrix, with gradient when it is trained; null: <see cref="StudentHidden_ND"/> holds logits already.</summary>
    public required torch.Tensor? StudentHead_VD { get; init; }

    /// <summary>Last hidden states of the teacher on the same tokens, no gradient; null where the objective needs no teacher.</summary>
    public torch.Tensor? TeacherHidden_NM { get; init; }

    /// <summary>The teacher's output matrix, no gradient; null: <see cref="TeacherHidden_NM"/> holds logits already.</summary>
    public torch.Tensor? TeacherHead_WM { get; init; }

    /// <summary>Ids beyond this are padding of the head, not tokens: cut off, never given mass.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The token that stands at each row, int64.</summary>
    public required torch.Tensor SampledIds_N { get; init; }

    /// <summary>Weight of each row in the loss, float32, ≥ 0.</summary>
    public required torch.Tensor Weights_N { get; init; }

    /// <summary>log p of the sampled token under the distribution that was sampled from, nats; null for given text.</summary>
    public torch.Tensor? SamplerLogprobs_N { get; init; }

    /// <summary>Which sequence of the micro-batch each row belongs to, int64.</summary>
    public required torch.Tensor Sequence_N { get; init; }

    /// <summary>What the weighted sum is divided by: the count of trained tokens of the whole optimizer step, so that micro-batches never change the gradient.</summary>
    public required double Normalizer { get; init; }

    /// <summary>The count of sequences of the whole optimizer step; needed where every sequence weighs the same.</summary>
    public double? SequenceNormalizer { get; init; }

    /// <summary>log p of the sampled token under the trainer's own weights when the inner loop began, nats; null: the current weights (ratio 1).</summary>
    public torch.Tensor? OldLogprobs_N { get; init; }

    /// <summary>log p of the sampled token under a teacher that gives no hidden states (a remote server), nats.</summary>
    public torch.Tensor? TeacherLogprobs_N { get; init; }

    /// <summary>Whether each row's text was given, not written by the student, bool [N]; null where the student wrote all of it.</summary>
    public torch.Tensor? IsGiven_N { get; init; }

    /// <summary>The count of trained tokens of the whole optimizer step that were given; needed where their mean is taken apart.</summary>
    public double GivenNormalizer { get; init; }

    /// <summary>The count of sequences of the whole optimizer step that were given.</summary>
    public double GivenSequences { get; init; }

    /// <summary>β of the step, 0 to 2: the loss on the student's text counts β times and that on given text 2 − β times; 1 leaves both as they are.</summary>
    public double Balance { get; init; } = 1;

    /// <summary>log B(y) of the sampled token under the base of an extrapolated target, nats; null without extrapolation.</summary>
    public torch.Tensor? BaseLogprobs_N { get; init; }

    /// <summary>λ of an extrapolated target where <see cref="BaseLogprobs_N"/> is given: log-target = log B + λ·(log T − log B).</summary>
    public double TargetLambda { get; init; } = 1;

    /// <summary>λ* of each contract position, beyond which extrapolation was seen to break structured output; NaN elsewhere; null where it was not measured.</summary>
    public torch.Tensor? CliffLambda_N { get; init; }

    /// <summary>The reward of each sequence of the micro-batch, B of them, in the numbering of <see cref="Sequence_N"/>; null without rewards.</summary>
    public torch.Tensor? Rewards_B { get; init; }

    /// <summary>Which group (the rollouts of one prompt) each sequence belongs to, int64; a group must be whole in the micro-batch unless <see cref="SequenceAdvantages_B"/> is given.</summary>
    public torch.Tensor? Groups_B { get; init; }

    /// <summary>The advantage of each sequence, where it was computed over the whole step (<see cref="Sampled.GroupAdvantages"/>); null: from rewards and groups here.</summary>
    public torch.Tensor? SequenceAdvantages_B { get; init; }

    /// <summary>The count of groups of the whole optimizer step, for losses of pairs; null: of these rows.</summary>
    public double? GroupNormalizer { get; init; }

    /// <summary>log p of the sampled token under the teacher with each of K auxiliary contexts, nats, for agreement; null without.</summary>
    public torch.Tensor? ContextLogprobs_NK { get; init; }

    /// <summary>log p of the sampled token under the teacher with a corrupted context, nats, for the contrastive term; null without.</summary>
    public torch.Tensor? ContrastLogprobs_N { get; init; }

    /// <summary>What stabilizers add to the log-ratio advantage of each token, nats; null: nothing.</summary>
    public torch.Tensor? AdvantageShift_N { get; init; }

    /// <summary>Loss without gradient that a clipped token counts with, its weight included; null: none.</summary>
    public torch.Tensor? ConstantLoss_N { get; init; }

    /// <summary>Losses that stabilizers add to the objective.</summary>
    public IReadOnlyList<ILossTerm> Terms { get; init; } = [];

    /// <summary>What each stabilizer did to these rows, in order.</summary>
    public IReadOnlyList<StageTrace> Stages { get; init; } = [];
}
