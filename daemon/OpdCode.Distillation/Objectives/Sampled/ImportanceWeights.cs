using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Sampled;

/// <summary>
/// Importance correction between sampler and trainer: ρ = S_old(y)/μ(y) with the trainer's own log-probabilities S_old and
/// the sampler's μ. PPO's ratio S/S_old is separate, so their product is S/μ: nothing is counted twice, and where the
/// caller sets S_old := μ ("bypass") every ρ is 1. Sources: verl (TIS, MIS), TRL, IcePop.
/// </summary>
internal static class ImportanceWeights
{
    private const double LargestLogRatio = 20; // e^20 is far above any bound; it keeps sums of a broken sampler finite

    /// <summary>Detached weights, shape [N]; null where the recipe asks for no correction.</summary>
    /// <exception cref="OpdException">OPD1304 when the sampler's log-probabilities are missing.</exception>
    public static torch.Tensor? Of(ImportanceRecipe? recipe, torch.Tensor old_N, TokenRows rows, torch.Tensor? teacher_N = null)
    {
        if (recipe is null) return null;
        if (recipe.Ratio == ImportanceRatio.TeacherStudent)
        {
            return Bounded(recipe, (teacher_N ?? throw new OpdException(ErrorCodes.ObjectiveInputMissing,
                "importance.ratio \"teacher-student\" compares with the teacher, and these rows have none. Add a teacher signal.")) - old_N, rows);
        }
        torch.Tensor sampler_N = rows.SamplerLogprobs_N?.detach().to(old_N.dtype) ?? throw new OpdException(ErrorCodes.ObjectiveInputMissing,
            "importance compares the trainer's with the sampler's log-probabilities, and these rows do not carry the sampler's. Remove importance, or train on sampled rollouts.");
        return Bounded(recipe, old_N - sampler_N, rows);
    }

    private static torch.Tensor Bounded(ImportanceRecipe recipe, torch.Tensor log_N, TokenRows rows)
    {
        if (recipe.Level != ImportanceLevel.Token)
        {
            torch.Tensor trained_N = rows.Weights_N.detach().gt(0).to(log_N.dtype);
            torch.Tensor sum_N = RowCoefficients.SequenceSums_N(log_N * trained_N, rows.Sequence_N);
            log_N = recipe.Level == ImportanceLevel.Sequence ? sum_N
                : sum_N / RowCoefficients.SequenceSums_N(trained_N, rows.Sequence_N).clamp_min(1);
        }
        torch.Tensor ratio_N = log_N.clamp(-LargestLogRatio, LargestLogRatio).exp();
        double low = recipe.Min ?? 0;
        if (recipe.Mode == ImportanceMode.Truncate) return ratio_N.clamp(low, recipe.Max);
        return ratio_N.masked_fill(ratio_N.lt(low).logical_or(ratio_N.gt(recipe.Max)), 0);
    }
}
