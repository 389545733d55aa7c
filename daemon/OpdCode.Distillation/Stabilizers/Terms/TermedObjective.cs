using OpdCode.Distillation.Objectives;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers.Terms;

/// <summary>An objective plus the losses that stabilizers attached to the rows.</summary>
internal sealed class TermedObjective(IObjective objective, IReadOnlyList<ILossTerm> terms) : IObjective
{
    /// <inheritdoc/>
    public bool NeedsTeacher => true;

    /// <inheritdoc/>
    public bool HasDivergence => objective.HasDivergence;

    /// <inheritdoc/>
    public string Label => string.Join(" + ", terms.Select(t => t.Label).Prepend(objective.Label));

    /// <inheritdoc/>
    public torch.Tensor? SequenceAdvantages_B(TokenRows rows) => objective.SequenceAdvantages_B(rows);

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenRows rows)
    {
        ObjectiveResult result = objective.Evaluate(rows);
        if (rows.Terms.Count == 0) return result;
        torch.Tensor total = result.Loss, shown_N = result.Signals.Loss_N;
        Dictionary<string, torch.Tensor> added = [];
        foreach (ILossTerm term in rows.Terms)
        {
            (torch.Tensor loss, torch.Tensor loss_N) = term.Evaluate(rows);
            total += loss;
            shown_N += loss_N.to(shown_N.dtype);
            added[term.Name] = loss_N;
        }
        return new ObjectiveResult(total, result.Signals with { Loss_N = shown_N, Terms = added });
    }
}
