using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>
/// Policy gradient on rewards compared within a group: loss = −min(r·A, clip(r)·A), A the sequence's advantage for all its
/// tokens, plus c·(log T − log S_old) of the token where a distillation term is asked for. Sources: GRPO (arXiv
/// 2402.03300), Dr.GRPO (arXiv 2503.20783), DAPO (arXiv 2503.14476), normalisers as TRL implements them.
/// </summary>
internal sealed class GroupRewardObjective : IObjective
{
    private readonly GroupRewardObjectiveRecipe _recipe;
    private readonly RatioClipRecipe _clip;
    private readonly string _scale;
    private readonly double _distillation;

    /// <summary>Checks the recipe's options.</summary>
    /// <exception cref="OpdException">OPD1301 for an unknown estimator or a missing length.</exception>
    public GroupRewardObjective(GroupRewardObjectiveRecipe recipe)
    {
        if (recipe.Estimator is not ("grpo" or "dr-grpo" or "dapo"))
            throw new OpdException(ErrorCodes.ObjectiveInvalid, $"The group reward \"{recipe.Estimator}\" is not known. Known: grpo, dr-grpo, dapo.");
        bool needsLength = recipe.Estimator == "dr-grpo" || recipe.OverlongBuffer > 0;
        if (needsLength && recipe.MaxLength is null)
            throw new OpdException(ErrorCodes.ObjectiveInvalid, $"{(recipe.Estimator == "dr-grpo" ? "dr-grpo divides by a constant length" : "overlongBuffer counts from the longest response")}: set objective.maxLength to the longest response in tokens.");
        _recipe = recipe;
        _scale = recipe.ScaleRewards ?? (recipe.Estimator == "dr-grpo" ? "none" : "group");
        _clip = recipe.Clip ?? (recipe.Estimator == "dapo" ? new RatioClipRecipe() : new RatioClipRecipe { High = 0.2 });
        _distillation = recipe.Distillation?.Coefficient ?? 0;
    }

    /// <inheritdoc/>
    public bool NeedsTeacher => _distillation != 0;

    /// <inheritdoc/>
    public string Label => FormattableString.Invariant(
        $"{_recipe.Estimator}: advantage of the reward within the group{(NeedsTeacher ? FormattableString.Invariant($" + {_distillation}·(log T − log S)") : "")} (positive: the token is made more likely)");

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenRows rows)
    {
        SampledTokens tokens = SampledTokens.Measure(rows);
        torch.Tensor advantage_N = SequenceAdvantages_B(rows).to(tokens.Old_N.dtype).index_select(0, rows.Sequence_N);
        if (NeedsTeacher)
        {
            torch.Tensor judged_N = LogRatioAdvantage.Target_N(rows, tokens.RequireTeacher_N("The distillation term")) - tokens.Old_N;
            if (rows.AdvantageShift_N is { } shift_N) judged_N = judged_N + shift_N.detach().to(judged_N.dtype);
            advantage_N = advantage_N + judged_N * _distillation;
        }
        torch.Tensor loss_N = RatioClip.Loss_N((tokens.Logprob_N - tokens.Old_N).exp(), advantage_N, _clip);
        torch.Tensor? importance_N = ImportanceWeights.Of(_recipe.Importance, tokens.Old_N, rows, tokens.Teacher_N);
        if (importance_N is not null) loss_N = loss_N * importance_N;
        return new ObjectiveResult((loss_N * Coefficients_N(rows, loss_N.dtype)).sum(), new TokenSignals
        {
            StudentLogprob_N = tokens.Signals.StudentLogprob_N,
            TeacherLogprob_N = tokens.Teacher_N,
            StudentEntropy_N = tokens.Signals.StudentEntropy_N,
            TeacherEntropy_N = tokens.Signals.TeacherEntropy_N,
            Advantage_N = advantage_N,
            ImportanceWeight_N = importance_N,
            Loss_N = loss_N.detach() * rows.Weights_N.detach(),
        });
    }

    torch.Tensor? IObjective.SequenceAdvantages_B(TokenRows rows) => SequenceAdvantages_B(rows);

    private torch.Tensor SequenceAdvantages_B(TokenRows rows)
    {
        if (rows.SequenceAdvantages_B is { } given) return given.detach();
        if (rows.Rewards_B is null || rows.Groups_B is null)
            throw new OpdException(ErrorCodes.ObjectiveInputMissing, $"{_recipe.Estimator} compares rewards of rollouts of one prompt, and these rows carry no rewards or groups. Add a verifier or another reward.");
        double[] rewards = rows.Rewards_B.to(torch.ScalarType.Float64).cpu().data<double>().ToArray();
        long[] groups = rows.Groups_B.to(torch.ScalarType.Int64).cpu().data<long>().ToArray();
        if (_recipe.OverlongBuffer > 0)
        {
            long[] sequence = rows.Sequence_N.to(torch.ScalarType.Int64).cpu().data<long>().ToArray();
            for (int b = 0; b < rewards.Length; b++)
                rewards[b] += GroupAdvantages.OverlongPenalty(sequence.Count(s => s == b), _recipe.MaxLength!.Value, _recipe.OverlongBuffer, _recipe.OverlongPenalty);
        }
        return torch.tensor(GroupAdvantages.Compute(rewards, groups, _scale), device: rows.Sequence_N.device);
    }

    private torch.Tensor Coefficients_N(TokenRows rows, torch.ScalarType type)
    {
        if (_recipe.Normalize is { } normalize) return RowCoefficients.For(rows, normalize, type);
        if (_recipe.Estimator == "dapo") return RowCoefficients.For(rows, LossNormalization.Tokens, type);
        if (_recipe.Estimator == "grpo") return RowCoefficients.For(rows, LossNormalization.Sequences, type);
        double sequences = rows.SequenceNormalizer ?? throw new OpdException(ErrorCodes.ObjectiveInputMissing,
            "dr-grpo divides by the number of sequences of the whole step, and these rows do not carry it.");
        return RowCoefficients.For(rows, LossNormalization.Sum, type) / (sequences * _recipe.MaxLength!.Value);
    }
}
