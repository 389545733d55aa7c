using System.Text.Json.Serialization;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Recipes;

/// <summary>
/// One item of the list that keeps training stable: a small change to the weights, advantages or losses of tokens. They
/// act in a fixed order (signal, whiten, magnitude, gate, mask, rescale, clip), whatever order the list has.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(RatioMagnitudeRecipe), "ratio-magnitude")]
[JsonDerivedType(typeof(EntropyGateRecipe), "entropy-gate")]
[JsonDerivedType(typeof(ConfidenceRecipe), "confidence")]
[JsonDerivedType(typeof(DigitPlaceRecipe), "digit-place")]
[JsonDerivedType(typeof(AgreementRecipe), "agreement")]
[JsonDerivedType(typeof(PrefixReleaseRecipe), "prefix-release")]
[JsonDerivedType(typeof(MarginShiftRecipe), "margin-shift")]
[JsonDerivedType(typeof(MarginMaskRecipe), "margin-mask")]
[JsonDerivedType(typeof(PrefixWeightRecipe), "prefix-weight")]
[JsonDerivedType(typeof(ClipDivergenceRecipe), "clip-divergence")]
[JsonDerivedType(typeof(SkipFirstRecipe), "skip-first")]
[JsonDerivedType(typeof(KeepFirstRecipe), "keep-first")]
[JsonDerivedType(typeof(AdaptiveSkewRecipe), "adaptive-skew")]
[JsonDerivedType(typeof(RewardWeightRecipe), "reward-weight")]
[JsonDerivedType(typeof(PassRateWeightRecipe), "pass-rate-weight")]
[JsonDerivedType(typeof(TokenDrawRecipe), "token-draw")]
[JsonDerivedType(typeof(TokenSelectionRecipe), "token-selection")]
[JsonDerivedType(typeof(SoftClampRecipe), "soft-clamp")]
[JsonDerivedType(typeof(WelfordWhiteningRecipe), "welford-whitening")]
[JsonDerivedType(typeof(DataBalanceRecipe), "data-balance")]
[JsonDerivedType(typeof(StepWeightRecipe), "step-weight")]
[JsonDerivedType(typeof(LogRatioMaskRecipe), "log-ratio-mask")]
[JsonDerivedType(typeof(NormalizeWeightsRecipe), "normalize-weights")]
[JsonDerivedType(typeof(ContrastiveRecipe), "contrastive")]
[JsonDerivedType(typeof(FeatureMatchRecipe), "feature-match")]
[JsonDerivedType(typeof(EntropyGatedForwardKlRecipe), "entropy-gated-forward-kl")]
public abstract record StabilizerRecipe;
