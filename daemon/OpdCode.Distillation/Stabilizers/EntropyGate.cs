using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// w = clip(1 − γ·H/Hmax, floor, 1): H the teacher's entropy, or its minimum over [t, t + W] within the response; Hmax the
/// maximum over the step, at least 1 nat. Source: EGRSD, CL-EGRSD (arXiv 2605.13255); minimum before maximum is inferred.
/// </summary>
internal sealed class EntropyGate(EntropyGateRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "entropy-gate";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Gate;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Gamma == 0;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Models;

    /// <inheritdoc/>
    public bool SeesWholeStep => true;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        torch.Tensor entropy_N = TokenStatistics.Required(statistics.TeacherEntropy_N, Kind, "the teacher's entropy at every token");
        if (entropy_N.shape[0] == 0) return rows;
        torch.Tensor ignored_N = rows.Weights_N.eq(0);
        torch.Tensor least_N = Least_N(entropy_N.masked_fill(ignored_N, double.PositiveInfinity), rows.Sequence_N);
        double highest = (recipe.Maximum == "raw" ? entropy_N : least_N).masked_fill(ignored_N, 0).max().ToDouble();
        return rows.Weighted((1 - least_N * (recipe.Gamma / Math.Max(1, highest))).clamp(recipe.Floor, 1));
    }

    private torch.Tensor Least_N(torch.Tensor entropy_N, torch.Tensor sequence_N)
    {
        long count = entropy_N.shape[0];
        torch.Tensor least_N = entropy_N.clone();
        for (long ahead = 1; ahead <= recipe.Lookahead && ahead < count; ahead++)
        {
            torch.Tensor same = sequence_N.narrow(0, ahead, count - ahead).eq(sequence_N.narrow(0, 0, count - ahead));
            if (!same.any().ToBoolean()) break; // longer than every response
            torch.Tensor later = entropy_N.narrow(0, ahead, count - ahead).masked_fill(same.logical_not(), double.PositiveInfinity);
            torch.Tensor here = least_N.narrow(0, 0, count - ahead);
            here.copy_(torch.minimum(here, later));
        }
        return least_N;
    }
}
