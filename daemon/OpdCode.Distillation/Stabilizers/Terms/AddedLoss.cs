using OpdCode.Distillation.Objectives;

namespace OpdCode.Distillation.Stabilizers.Terms;

/// <summary>The stabilizer that attaches a loss to the rows; it changes no weight.</summary>
internal sealed class AddedLoss(ILossTerm term, bool isNeutral) : IStabilizer
{
    /// <summary>What it adds.</summary>
    public ILossTerm Term => term;

    /// <inheritdoc/>
    public string Kind => term.Name;

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Signal;

    /// <inheritdoc/>
    public bool IsNeutral => isNeutral;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.None;

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context) => rows with { Terms = [.. rows.Terms, term.At(context.Step)] };
}
