using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>The student judges itself: the same model, which sees more (a context) or is steadier (frozen, averaged).</summary>
public sealed record SelfSignalRecipe : SignalRecipe
{
    /// <summary>Which of the student's weights judge.</summary>
    public SelfWeights Weights { get; init; } = SelfWeights.Frozen;

    /// <summary>
    /// ema: the judge becomes decay·judge + (1 − decay)·student, above 0 and at most 1. 1 never moves it. 0, which GUI-SD's
    /// code reads as off and its formula as a copy, is refused: say frozen or live.
    /// </summary>
    [Range(0, 1.0, MinimumIsExclusive = true)]
    public double Decay { get; init; } = 0.95;

    /// <summary>ema: optimizer steps between two averagings.</summary>
    [Range(1, int.MaxValue)]
    [Unit("optimizer steps")]
    public int Every { get; init; } = 1;
}
