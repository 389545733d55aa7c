namespace OpdCode.Distillation.Runs;

/// <summary>
/// One line of <c>rollouts/step-NNNNNN.jsonl</c>: a text that the student wrote, with everything known about each of
/// its tokens. Arrays named by token have one entry a response token (length T, <see cref="TokenIds"/> decides);
/// arrays of arrays are [T][K]. Log-probabilities, entropies, divergences and losses are in nats, at temperature 1
/// unless the member says otherwise. A null array was not recorded or does not exist for the objective.
/// </summary>
public sealed record RolloutRecord
{
    /// <summary>Version of the line's format. Always 1 today.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The optimizer step that used the rollout, from 1; 0 before training.</summary>
    public required int Step { get; init; }

    /// <summary>Position among the rollouts of the step, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Which data the prompt is from: <c>train</c> or <c>evaluate</c>.</summary>
    public string Split { get; init; } = "train";

    /// <summary>The prompt as the student saw it, chat template rendered.</summary>
    public required string Prompt { get; init; }

    /// <summary>The decoded response.</summary>
    public required string Response { get; init; }

    /// <summary>The known answer, when the data has one.</summary>
    public string? Reference { get; init; }

    /// <summary>The answer found in the response, when one was looked for.</summary>
    public string? Answer { get; init; }

    /// <summary>Whether <see cref="Answer"/> equals <see cref="Reference"/>; null when there is nothing to compare.</summary>
    public bool? Correct { get; init; }

    /// <summary>Why the response ended: <c>stop</c> (a stop token) or <c>length</c> (cut at the limit).</summary>
    public string Finish { get; init; } = "stop";

    /// <summary>Names the estimator, direction, support and unit of <see cref="Divergence"/>, in words.</summary>
    public string? DivergenceLabel { get; init; }

    /// <summary>The response tokens.</summary>
    public required int[] TokenIds { get; init; }

    /// <summary>Each token as text on its own; a token that holds part of a character shows U+FFFD.</summary>
    public required string[] TokenTexts { get; init; }

    /// <summary>Where the token starts in <see cref="Response"/>, in UTF-16 code units. Tokens that share one character have the same range.</summary>
    public int[]? CharStart { get; init; }

    /// <summary>Where the token ends in <see cref="Response"/>, exclusive, in UTF-16 code units.</summary>
    public int[]? CharEnd { get; init; }

    /// <summary>1 where the token is trained on, 0 where it is not.</summary>
    public int[]? Mask { get; init; }

    /// <summary>Log-probability under the distribution that was sampled from (temperature, top-k, top-p applied).</summary>
    public float[]? SamplerLogprobs { get; init; }

    /// <summary>log p_student of the token, ≤ 0.</summary>
    public float[]? StudentLogprobs { get; init; }

    /// <summary>log p_teacher of the token, ≤ 0.</summary>
    public float[]? TeacherLogprobs { get; init; }

    /// <summary>The objective's divergence at the position, before weights.</summary>
    public float[]? Divergence { get; init; }

    /// <summary>Entropy of the student's distribution, 0 to ln V.</summary>
    public float[]? StudentEntropy { get; init; }

    /// <summary>Entropy of the teacher's distribution, 0 to ln V.</summary>
    public float[]? TeacherEntropy { get; init; }

    /// <summary>The detached advantage of the token, for policy-gradient objectives.</summary>
    public float[]? Advantage { get; init; }

    /// <summary>What the position's loss was multiplied with; 1 is neutral.</summary>
    public float[]? Weight { get; init; }

    /// <summary>The response's reward; null without rewards.</summary>
    public double? Reward { get; init; }

    /// <summary>Which rollouts of the step answer the same prompt: those with the same number.</summary>
    public int? Group { get; init; }

    /// <summary>The weight of each token after each stabilizer, by its kind (the second of a kind with <c>#2</c>), in the order they acted; null without any.</summary>
    public IReadOnlyDictionary<string, float[]>? Stages { get; init; }

    /// <summary>What stabilizers added to the advantage of each token, part of <see cref="Advantage"/>; null where nothing.</summary>
    public float[]? AdvantageShift { get; init; }

    /// <summary>The losses that stabilizers added to each token, coefficient included, by kind, part of <see cref="Loss"/>; null without any.</summary>
    public IReadOnlyDictionary<string, float[]>? Terms { get; init; }

    /// <summary>log p_teacher of the token under each auxiliary context. [T][K]</summary>
    public float[][]? ContextLogprobs { get; init; }

    /// <summary>
    /// λ* of the position, beyond which an extrapolated target leaves the region that the clip can hold, ≥ 1; NaN where the position
    /// is no contract position or λ* has no meaning. Null without extrapolation.
    /// </summary>
    public float[]? LambdaStar { get; init; }

    /// <summary>The α of the skewed divergence at the position, in (0, 1), the same for all tokens of a response; null where the objective's alpha holds for all.</summary>
    public float[]? Skew { get; init; }

    /// <summary>The token's contribution to the loss, weight included, before the normalizer.</summary>
    public float[]? Loss { get; init; }

    /// <summary>The student's most likely tokens, most likely first. [T][K]</summary>
    public int[][]? StudentTopIds { get; init; }

    /// <summary>Texts of <see cref="StudentTopIds"/>. [T][K]</summary>
    public string[][]? StudentTopTexts { get; init; }

    /// <summary>Log-probabilities of <see cref="StudentTopIds"/>. [T][K]</summary>
    public float[][]? StudentTopLogprobs { get; init; }

    /// <summary>The teacher's most likely tokens, most likely first. [T][K]</summary>
    public int[][]? TeacherTopIds { get; init; }

    /// <summary>Texts of <see cref="TeacherTopIds"/>. [T][K]</summary>
    public string[][]? TeacherTopTexts { get; init; }

    /// <summary>Log-probabilities of <see cref="TeacherTopIds"/>. [T][K]</summary>
    public float[][]? TeacherTopLogprobs { get; init; }

    /// <summary>Rank of the token in the teacher's distribution; 1 is the teacher's first choice.</summary>
    public int[]? TeacherRank { get; init; }
}
