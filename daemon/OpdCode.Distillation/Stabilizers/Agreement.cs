using OpdCode.Distillation.Objectives;
using OpdCode.Protocol;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// Weights fall with the spread of the teacher's log-probabilities over K auxiliary contexts. Token: 1/(1 + γ·n), at
/// least 0.01, n the spread over its 95 % quantile in the step, at most 10. Sequence: exp(−γ·spread of the mean), at least
/// 1e-6. Source: UniSD (arXiv 2605.06597), its code.
/// </summary>
internal sealed class Agreement(AgreementRecipe recipe) : IStabilizer
{
    private const double ScaleQuantile = 0.95, SmallestScale = 1e-6, LargestSpread = 10, TokenFloor = 0.01, SequenceFloor = 1e-6;

    /// <inheritdoc/>
    public string Kind => "agreement";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Gate;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Gamma == 0;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.None;

    /// <inheritdoc/>
    public bool SeesWholeStep => recipe.Level == "token";

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        torch.Tensor contexts_NK = TokenStatistics.Required(statistics.ContextLogprobs_NK, Kind, "the teacher's log-probabilities under auxiliary contexts");
        if (contexts_NK.shape[1] < 2)
            throw new OpdException(ErrorCodes.ObjectiveInputMissing, $"The stabilizer agreement compares auxiliary contexts and there is {contexts_NK.shape[1]}. Give at least 2.");
        return rows.Weighted(recipe.Level == "sequence" ? OfSequences_N(rows, contexts_NK) : OfTokens_N(rows, contexts_NK));
    }

    private torch.Tensor OfTokens_N(TokenRows rows, torch.Tensor contexts_NK)
    {
        torch.Tensor spread_N = Spread(contexts_NK, unbiased: true);
        double scale = Math.Max(Columns.Quantile(spread_N, rows.Weights_N, ScaleQuantile), SmallestScale);
        return ((spread_N / scale).clamp_max(LargestSpread) * recipe.Gamma + 1).reciprocal().clamp_min(TokenFloor);
    }

    private torch.Tensor OfSequences_N(TokenRows rows, torch.Tensor contexts_NK)
    {
        torch.Tensor counts_N = rows.Counts_N(contexts_NK.dtype);
        torch.Tensor tokens_B = rows.SumPerSequence_B(counts_N).clamp_min(1);
        torch.Tensor[] means = Enumerable.Range(0, (int)contexts_NK.shape[1])
            .Select(k => rows.SumPerSequence_B(torch.where(counts_N.eq(0), counts_N, contexts_NK.select(1, k))) / tokens_B).ToArray();
        torch.Tensor weight_B = (Spread(torch.stack(means, 1), unbiased: false) * -recipe.Gamma).exp().clamp_min(SequenceFloor);
        return weight_B.index_select(0, rows.Sequence_N);
    }

    private torch.Tensor Spread(torch.Tensor values_XK, bool unbiased)
    {
        if (recipe.Spread == "range") return values_XK.amax([1]) - values_XK.amin([1]);
        torch.Tensor squared_X = (values_XK - values_XK.mean([1], keepdim: true)).pow(2).sum(1);
        return squared_X / (values_XK.shape[1] - (unbiased ? 1 : 0));
    }
}
