using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>
/// One objective on what the student wrote and another on text that it did not write: L = β·L_own + (2−β)·w·L_given,
/// β = <see cref="TokenRows.Balance"/> (1 unless a curriculum moves it), both over the normalizer of the whole step, or each over its own tokens. Rows of the other kind weigh 0 in each, so gradients never mix.
/// </summary>
/// <param name="own">On the student's text.</param>
/// <param name="given">On given text.</param>
/// <param name="weight">w ≥ 0.</param>
/// <param name="apart">Each loss is divided by the tokens (or sequences) of its own kind in the step.</param>
internal sealed class MixedObjective(IObjective own, IObjective given, double weight, bool apart) : IObjective
{
    /// <inheritdoc/>
    public bool NeedsTeacher => own.NeedsTeacher || given.NeedsTeacher;

    /// <inheritdoc/>
    public string Label => own.Label == given.Label ? own.Label : FormattableString.Invariant($"{own.Label}; on given text {weight}·({given.Label})");

    /// <inheritdoc/>
    public bool HasDivergence => own.HasDivergence && given.HasDivergence;

    /// <inheritdoc/>
    public torch.Tensor? SequenceAdvantages_B(TokenRows rows) => own.SequenceAdvantages_B(rows);

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenRows rows)
    {
        (TokenRows ofOwn, TokenRows ofGiven) = (rows, rows);
        if (apart)
        {
            ofOwn = rows with { Normalizer = rows.Normalizer - rows.GivenNormalizer, SequenceNormalizer = rows.SequenceNormalizer - rows.GivenSequences };
            ofGiven = rows with { Normalizer = rows.GivenNormalizer, SequenceNormalizer = rows.GivenSequences };
        }
        double ownWeight = rows.Balance, givenWeight = weight * (2 - rows.Balance);
        if (rows.IsGiven_N is not { } isGiven_N) return own.Evaluate(Weighted(ofOwn, torch.tensor(ownWeight)));
        torch.Tensor given_N = isGiven_N.to(rows.Weights_N.dtype);
        ofGiven = Weighted(ofGiven, given_N * givenWeight);
        if (isGiven_N.all().ToBoolean()) return given.Evaluate(ofGiven);
        ObjectiveResult a = own.Evaluate(Weighted(ofOwn, (1 - given_N) * ownWeight)), b = given.Evaluate(ofGiven);
        return new ObjectiveResult(a.Loss + b.Loss, a.Signals with
        {
            TeacherLogprob_N = a.Signals.TeacherLogprob_N ?? b.Signals.TeacherLogprob_N,
            TeacherEntropy_N = a.Signals.TeacherEntropy_N ?? b.Signals.TeacherEntropy_N,
            Divergence_N = a.Signals.Divergence_N is { } x && b.Signals.Divergence_N is { } y ? torch.where(isGiven_N, y, x) : null,
            Loss_N = torch.where(isGiven_N, b.Signals.Loss_N, a.Signals.Loss_N),
        });
    }

    // What a clipped token counts with, a loss without gradient, is of its kind too.
    private static TokenRows Weighted(TokenRows rows, torch.Tensor factor_N) => rows with { Weights_N = rows.Weights_N * factor_N, ConstantLoss_N = rows.ConstantLoss_N is { } constant_N ? constant_N * factor_N.to(constant_N.dtype) : null };
}
