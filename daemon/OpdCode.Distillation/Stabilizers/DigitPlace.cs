using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// In a run of n digit tokens the weights are n, …, 1, at most the bound; other tokens have one weight. A run ends with its
/// response and at a row that does not count. Source: GUI-SD (arXiv 2605.00642), its code.
/// </summary>
internal sealed class DigitPlace(DigitPlaceRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "digit-place";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Gate;

    /// <inheritdoc/>
    public bool IsNeutral => recipe is { MaxDigits: 1, OtherWeight: 1 };

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Texts;

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        string[] texts_N = TokenStatistics.Required(statistics.Texts_N, Kind, "the text of every token");
        long[] sequence_N = Columns.Longs(rows.Sequence_N);
        double[] counts_N = Columns.Doubles(rows.Weights_N), place_N = new double[texts_N.Length];
        for (int n = texts_N.Length - 1, run = 0; n >= 0; n--)
        {
            if (n + 1 < texts_N.Length && sequence_N[n + 1] != sequence_N[n]) run = 0;
            run = counts_N[n] > 0 && IsDigits(texts_N[n]) ? run + 1 : 0;
            place_N[n] = run == 0 ? recipe.OtherWeight : recipe.MaxDigits > 0 ? Math.Min(run, recipe.MaxDigits) : run;
        }
        return rows.Weighted(Columns.Beside(place_N, rows.Weights_N));
    }

    // Tokenizers put the space before a number into its first token.
    private static bool IsDigits(string text)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim().Trim('\u2581');
        if (trimmed.IsEmpty) return false;
        foreach (char c in trimmed)
            if (!char.IsAsciiDigit(c)) return false;
        return true;
    }
}
