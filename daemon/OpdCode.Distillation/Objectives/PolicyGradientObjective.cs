using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>
/// Policy gradient on the sampled token: loss = −(S/S_old)(y) · A with the detached advantage A = c·(log T(y) − log S_old(y)).
/// A &gt; 0: the teacher likes the token more than the student did. With discount 0 its expectation under the student is the
/// gradient of KL(student‖teacher) at each state, states detached; with discount 1 that of the KL of whole sequences.
/// </summary>
/// <remarks>
/// Order: log-ratio → discount → shift of stabilizers → coefficient → ratio and its clip → importance and mixture weights → normalisation.
/// Sources: Thinking Machines' OPD; MiniLLM (arXiv 2306.08543) for discount, length normalisation, teacher mixing and the
/// single-step decomposition.
/// </remarks>
internal sealed class PolicyGradientObjective : IObjective
{
    private readonly PolicyGradientObjectiveRecipe _recipe;
    private readonly DivergenceObjective? _singleStep;

    /// <summary>Checks the recipe's options.</summary>
    /// <exception cref="OpdException">OPD1301 for a value out of range, OPD1303 for an estimator that is not a loss.</exception>
    public PolicyGradientObjective(PolicyGradientObjectiveRecipe recipe)
    {
        LogRatioAdvantage.Check(recipe);
        if (recipe.Discount is not (>= 0 and <= 1))
            throw new OpdException(ErrorCodes.ObjectiveInvalid, FormattableString.Invariant($"discount is {recipe.Discount} but must be between 0 (each token for itself) and 1 (all later tokens)."));
        if (recipe.TeacherMix is not (>= 0 and < 1))
            throw new OpdException(ErrorCodes.ObjectiveInvalid, FormattableString.Invariant($"teacherMix is {recipe.TeacherMix} but must be at least 0 and below 1."));
        if (recipe is { TeacherMix: > 0, Importance.Ratio: ImportanceRatio.TrainerSampler })
        {
            throw new OpdException(ErrorCodes.ObjectiveRefused,
                "teacherMix weighs every token by student/mixture, and importance of trainer to sampler is the same ratio: it would count twice. Remove importance, or set teacherMix to 0.");
        }
        _recipe = recipe;
        if (recipe.SingleStep) _singleStep = new DivergenceObjective(new ReverseKl(), "single step", recipe.Normalize, 1, 1, hasMass: false, recipe.Coefficient);
    }

    /// <inheritdoc/>
    public bool NeedsTeacher => true;

    /// <inheritdoc/>
    public string Label => FormattableString.Invariant(
        $"policy gradient, {(_recipe.Estimator == "k2" ? "½(log S − log T)² (k2)" : _recipe.Estimator == "k1" ? "log T − log S (k1, detached)" : _recipe.Estimator)} on the sampled token, discount {_recipe.Discount}{(_recipe.SingleStep ? ", exact at the token itself" : "")} (nats; positive: the teacher likes the token more)");

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenRows rows)
    {
        SampledTokens tokens = SampledTokens.Measure(rows);
        torch.Tensor teacher_N = tokens.RequireTeacher_N("The policy gradient");
        torch.Tensor target_N = LogRatioAdvantage.Target_N(rows, teacher_N);
        torch.Tensor reward_N = LogRatioAdvantage.Of(_recipe, target_N, tokens.Old_N);
        torch.Tensor return_N = Returns.Discounted_N(reward_N, rows.Sequence_N, _recipe.Discount, _recipe.LengthNormalize);
        // With the single-step term the exact KL answers for the token itself, the sampled part only for what follows.
        torch.Tensor advantage_N = _recipe.SingleStep ? Returns.AfterThis_N(return_N, rows.Sequence_N, _recipe.Discount) : return_N;
        if (rows.AdvantageShift_N is { } shift_N) advantage_N = advantage_N + shift_N.detach().to(advantage_N.dtype);
        advantage_N = advantage_N * _recipe.Coefficient;
        torch.Tensor loss_N = _recipe.Estimator == "k2"
            ? (tokens.Logprob_N - target_N).pow(2) * (0.5 * _recipe.Coefficient)
            : RatioClip.Loss_N((tokens.Logprob_N - tokens.Old_N).exp(), advantage_N, _recipe.Clip);

        torch.Tensor? importance_N = ImportanceWeights.Of(_recipe.Importance, tokens.Old_N, rows, teacher_N);
        if (MixtureWeights_N(teacher_N, tokens.Old_N) is { } mixture_N) importance_N = importance_N is null ? mixture_N : importance_N * mixture_N;
        if (importance_N is not null) loss_N = loss_N * importance_N;

        torch.Tensor total = (loss_N * RowCoefficients.For(rows, _recipe.Normalize, loss_N.dtype)).sum();
        torch.Tensor shown_N = loss_N.detach() * rows.Weights_N.detach();
        if (_singleStep is not null)
        {
            ObjectiveResult exact = _singleStep.Evaluate(rows);
            total += exact.Loss;
            shown_N += exact.Signals.Loss_N;
        }
        return new ObjectiveResult(total, new TokenSignals
        {
            StudentLogprob_N = tokens.Signals.StudentLogprob_N,
            TeacherLogprob_N = teacher_N,
            StudentEntropy_N = tokens.Signals.StudentEntropy_N,
            TeacherEntropy_N = tokens.Signals.TeacherEntropy_N,
            Advantage_N = advantage_N,
            ImportanceWeight_N = importance_N,
            Loss_N = shown_N,
        });
    }

    /// <summary>S/((1−α)·S + α·T) of each token: the tokens were drawn from the mixture. Null for α = 0, where it is 1.</summary>
    private torch.Tensor? MixtureWeights_N(torch.Tensor teacher_N, torch.Tensor old_N)
    {
        double alpha = _recipe.TeacherMix;
        return alpha == 0 ? null : ((teacher_N - old_N).exp() * alpha + (1 - alpha)).reciprocal();
    }
}
