using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>
/// Pair loss in DPO's form: −log σ(β·(ρ₊ − ρ₋)), ρ = Σ_t (log S − log T) over a whole sequence, the teacher as reference.
/// In each group the sequence with the highest reward is preferred to the one with the lowest; equal rewards make no pair.
/// ln 2 where the student equals the teacher. Sources: DPO (arXiv 2305.18290); PBSD (arXiv 2605.05040), whose β is inferred.
/// </summary>
internal sealed class PreferenceObjective : IObjective
{
    private readonly double _beta;

    /// <summary>Checks β.</summary>
    /// <exception cref="OpdException">OPD1301 when β is not positive.</exception>
    public PreferenceObjective(PreferenceObjectiveRecipe recipe)
    {
        _beta = recipe.Beta > 0 ? recipe.Beta
            : throw new OpdException(ErrorCodes.ObjectiveInvalid, FormattableString.Invariant($"beta is {recipe.Beta} but must be above 0; 0.1 is usual."));
    }

    /// <inheritdoc/>
    public bool NeedsTeacher => true;

    /// <inheritdoc/>
    public string Label => FormattableString.Invariant($"preference: −log σ({_beta}·(log-ratio of the chosen − of the rejected)), log S − log T summed over the sequence (nats)");

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenRows rows)
    {
        SampledTokens tokens = SampledTokens.Measure(rows);
        torch.Tensor logRatio_N = tokens.Logprob_N - tokens.RequireTeacher_N("The preference loss");
        (long[] chosen, long[] rejected, long groups) = Pairs(rows);
        torch.Tensor weights_N = rows.Weights_N.detach().to(logRatio_N.dtype);
        long sequences = rows.Rewards_B!.shape[0];
        torch.Tensor sum_B = torch.zeros(sequences, dtype: logRatio_N.dtype, device: logRatio_N.device).index_add(0, rows.Sequence_N, logRatio_N * weights_N, 1);
        torch.Tensor chosen_P = torch.tensor(chosen, device: sum_B.device), rejected_P = torch.tensor(rejected, device: sum_B.device);
        torch.Tensor margin_P = sum_B.index_select(0, chosen_P) - sum_B.index_select(0, rejected_P);
        torch.Tensor loss_P = torch.nn.functional.softplus((margin_P * -_beta).unsqueeze(0), 1, 50).squeeze(0);

        // Shown per token: the pair's loss spread evenly over the tokens of both sequences.
        torch.Tensor spread_B = torch.zeros_like(sum_B).detach().index_add_(0, chosen_P, loss_P.detach(), 1).index_add_(0, rejected_P, loss_P.detach(), 1);
        torch.Tensor pull_B = torch.zeros_like(sum_B).detach().index_add_(0, chosen_P, torch.sigmoid(margin_P.detach() * -_beta) * _beta, 1)
            .index_add_(0, rejected_P, torch.sigmoid(margin_P.detach() * -_beta) * -_beta, 1);
        torch.Tensor length_B = torch.zeros_like(sum_B).detach().index_add_(0, rows.Sequence_N, torch.ones_like(weights_N), 1);
        return new ObjectiveResult(loss_P.sum() / (rows.GroupNormalizer ?? groups), new TokenSignals
        {
            StudentLogprob_N = tokens.Signals.StudentLogprob_N,
            TeacherLogprob_N = tokens.Teacher_N,
            StudentEntropy_N = tokens.Signals.StudentEntropy_N,
            TeacherEntropy_N = tokens.Signals.TeacherEntropy_N,
            Advantage_N = pull_B.index_select(0, rows.Sequence_N),
            Loss_N = (spread_B / (length_B * 2)).index_select(0, rows.Sequence_N),
        });
    }

    private static (long[] Chosen, long[] Rejected, long Groups) Pairs(TokenRows rows)
    {
        if (rows.Rewards_B is null || rows.Groups_B is null)
            throw new OpdException(ErrorCodes.ObjectiveInputMissing, "The preference loss needs two sequences of one prompt and a reward that orders them, and these rows carry no rewards or groups.");
        double[] rewards = rows.Rewards_B.to(torch.ScalarType.Float64).cpu().data<double>().ToArray();
        long[] groups = rows.Groups_B.to(torch.ScalarType.Int64).cpu().data<long>().ToArray();
        IGrouping<long, int>[] byGroup = Enumerable.Range(0, rewards.Length).GroupBy(b => groups[b]).ToArray();
        int[][] pairs = byGroup.Select(g => new[] { g.MaxBy(b => rewards[b]), g.MinBy(b => rewards[b]) }).Where(p => rewards[p[0]] > rewards[p[1]]).ToArray();
        return (pairs.Select(p => (long)p[0]).ToArray(), pairs.Select(p => (long)p[1]).ToArray(), byGroup.Length);
    }
}
