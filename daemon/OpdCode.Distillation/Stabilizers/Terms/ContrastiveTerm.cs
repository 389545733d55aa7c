using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers.Terms;

/// <summary>
/// c·max(0, margin + |log S − log T| − |log S − log T⁻|) of the sampled tokens that count, over the trained tokens of the
/// step. Gradient through log S only. Source: UniSD (arXiv 2605.06597), its code.
/// </summary>
internal sealed class ContrastiveTerm(ContrastiveRecipe recipe) : ILossTerm
{
    /// <inheritdoc/>
    public string Name => "contrastive";

    /// <inheritdoc/>
    public string Label => FormattableString.Invariant($"{recipe.Coefficient}·max(0, {recipe.Margin} + |log S − log T| − |log S − log T⁻|), sampled token, T⁻ under a corrupted context (nats)");

    /// <inheritdoc/>
    public (torch.Tensor Loss, torch.Tensor Loss_N) Evaluate(TokenRows rows)
    {
        SampledTokens tokens = SampledTokens.Measure(rows);
        torch.Tensor teacher_N = tokens.RequireTeacher_N("The contrastive term");
        torch.Tensor misled_N = TokenStatistics.Required(rows.ContrastLogprobs_N, Name, "the teacher's log-probabilities under a corrupted context").detach().to(teacher_N.dtype);
        torch.Tensor counts_N = rows.Counts_N(teacher_N.dtype);
        torch.Tensor distance_N = (tokens.Logprob_N - teacher_N).abs() - (tokens.Logprob_N - misled_N).abs();
        torch.Tensor loss_N = (distance_N + recipe.Margin).relu() * (counts_N * recipe.Coefficient);
        return (loss_N.sum() / rows.Normalizer, loss_N.detach());
    }
}
