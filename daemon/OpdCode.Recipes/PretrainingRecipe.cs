using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>
/// A language-modelling loss on plain text that every step adds to its own, so that the student keeps what it knew:
/// coefficient · [(1 − judgeShare)·(−log p_student of the text's token) + judgeShare·(−Σ p_judge·log p_student)], the mean over
/// the tokens of the step's excerpts. Source: MiniLLM (arXiv 2306.08543), its code, with both at their defaults there.
/// </summary>
public sealed record PretrainingRecipe
{
    /// <summary>The text (UTF-8), relative to the recipe. Excerpts come in a shuffled order, each part of the file once a pass; a file of any size is read where it is needed.</summary>
    [MinLength(1)]
    [RecipePath(RecipePathKind.DataFile)]
    [Example("corpus.txt")]
    public required string Data { get; init; }

    /// <summary>Multiplies the loss. 0: the text is not read.</summary>
    [Range(0, 1e6)]
    public double Coefficient { get; init; } = 1;

    /// <summary>Share of the judge's distribution as the target, the rest is the token that stands in the text; above 0 it needs a signal.</summary>
    [Range(0, 1.0)]
    public double JudgeShare { get; init; } = 0.5;

    /// <summary>Length of an excerpt; the models' context where that is shorter.</summary>
    [Range(2, 1_000_000)]
    [Unit("tokens")]
    public int Tokens { get; init; } = 512;

    /// <summary>Excerpts of a step; as many as it has prompts when absent.</summary>
    [Range(1, 1_000_000)]
    [Unit("excerpts")]
    public int? Excerpts { get; init; }
}
