using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// w_t = 1 + γ·(1 − Σ_{s&lt;t}|A_s| / Σ|A|), A = log T − log p_sampler (the student where nothing was sampled); where no
/// token disagrees at all, 1 + γ everywhere, as at every first token. Source: IW-OPD (arXiv 2606.22600), TRL's code.
/// </summary>
internal sealed class PrefixWeight(PrefixWeightRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "prefix-weight";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Gate;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Gamma == 0;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Models;

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        torch.Tensor teacher_N = TokenStatistics.Required(statistics.TeacherLogprob_N, Kind, "the teacher's log-probability of every token");
        torch.Tensor wrote_N = statistics.SamplerLogprob_N ?? TokenStatistics.Required(statistics.StudentLogprob_N, Kind, "the student's log-probability of every token");
        // Sums in double: a running sum over all sequences is cut at their starts.
        torch.Tensor size_N = (teacher_N - wrote_N.to(teacher_N.dtype)).abs().to(torch.ScalarType.Float64).masked_fill(rows.Weights_N.eq(0), 0);
        torch.Tensor total_B = rows.SumPerSequence_B(size_N);
        torch.Tensor start_B = total_B.cumsum(0) - total_B;
        torch.Tensor before_N = (size_N.cumsum(0) - size_N - start_B.index_select(0, rows.Sequence_N)).clamp_min(0);
        torch.Tensor share_N = (before_N / total_B.index_select(0, rows.Sequence_N)).nan_to_num(0, 0, 0).clamp_max(1);
        return rows.Weighted((1 - share_N) * recipe.Gamma + 1);
    }
}
