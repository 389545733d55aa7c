using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Stabilizers.Terms;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>Makes the stabilizers that a recipe asks for. Adding one: a record, a class, a line here, a test.</summary>
public static class StabilizerFactory
{
    /// <summary>The pipeline of a recipe.</summary>
    /// <param name="recipes">In any order.</param>
    /// <param name="objective">What is optimised: it decides which stabilizers mean something.</param>
    /// <param name="seed">The recipe's seed, for those that draw.</param>
    /// <exception cref="OpdException">OPD1303 for a stabilizer that means nothing with the objective.</exception>
    public static StabilizerPipeline Create(IReadOnlyList<StabilizerRecipe> recipes, ObjectiveRecipe objective, long seed)
    {
        if (StabilizerFit.Problem(objective, recipes) is { } problem) throw new OpdException(ErrorCodes.ObjectiveRefused, problem);
        Dictionary<string, int> seen = [];
        List<(string, IStabilizer)> made = [];
        foreach (StabilizerRecipe recipe in recipes)
        {
            string kind = StabilizerFit.KindOf(recipe);
            int number = seen[kind] = seen.GetValueOrDefault(kind) + 1;
            string name = number == 1 ? kind : FormattableString.Invariant($"{kind}#{number}");
            made.Add((name, Create(recipe, objective, $"stabilizer.{kind}{(number == 1 ? "" : FormattableString.Invariant($"-{number}"))}")));
        }
        return new StabilizerPipeline(made, seed);
    }

    private static IStabilizer Create(StabilizerRecipe recipe, ObjectiveRecipe objective, string stateName) => recipe switch
    {
        RatioMagnitudeRecipe r => new RatioMagnitude(r),
        EntropyGateRecipe r => new EntropyGate(r),
        ConfidenceRecipe r => new Confidence(r),
        DigitPlaceRecipe r => new DigitPlace(r),
        AgreementRecipe r => new Agreement(r),
        AdaptiveSkewRecipe r => new AdaptiveSkew(r, objective, stateName),
        PrefixReleaseRecipe r => new PrefixRelease(r),
        MarginShiftRecipe r => new MarginShift(r),
        MarginMaskRecipe r => new MarginMask(r),
        PrefixWeightRecipe r => new PrefixWeight(r),
        ClipDivergenceRecipe r => new ClipDivergence(r),
        SkipFirstRecipe r => new SkipFirst(r),
        KeepFirstRecipe r => new KeepFirst(r),
        RewardWeightRecipe r => new RewardWeight(r),
        PassRateWeightRecipe r => new PassRateWeight(r),
        TokenDrawRecipe r => new TokenDraw(r),
        TokenSelectionRecipe r => new TokenSelection(r),
        SoftClampRecipe r => new SoftClamp(r),
        WelfordWhiteningRecipe r => new WelfordWhitening(r, stateName),
        DataBalanceRecipe r => new DataBalance(r),
        StepWeightRecipe r => new StepWeight(r),
        LogRatioMaskRecipe r => new LogRatioMask(r),
        NormalizeWeightsRecipe r => new NormalizeWeights(r),
        ContrastiveRecipe r => new AddedLoss(new ContrastiveTerm(r), r.Coefficient == 0),
        FeatureMatchRecipe r => new AddedLoss(new FeatureMatchTerm(r), r.Coefficient == 0),
        EntropyGatedForwardKlRecipe r => new AddedLoss(new GatedForwardKlTerm(r, ObjectiveNormalization.Of(objective) ?? LossNormalization.Tokens), r.Coefficient == 0 && (r.AnnealSteps == 0 || r.EndCoefficient == 0)),
        _ => throw new OpdException(ErrorCodes.ObjectiveInvalid, $"The stabilizer {recipe.GetType().Name} is not known."),
    };
}
