using OpdCode.Recipes;

namespace OpdCode.Distillation.Evaluation;

/// <summary>Whether a response gives the known answer: exact match of trimmed text.</summary>
public static class AnswerCheck
{
    /// <summary>The answer in a response: what follows the last <see cref="EvaluateRecipe.AnswerAfter"/>, or all of it. Null when the marker is missing.</summary>
    public static string? Extract(EvaluateRecipe recipe, string response)
    {
        if (string.IsNullOrEmpty(recipe.AnswerAfter)) return response.Trim();
        int at = response.LastIndexOf(recipe.AnswerAfter, StringComparison.Ordinal);
        return at < 0 ? null : response[(at + recipe.AnswerAfter.Length)..].Trim();
    }

    /// <summary>Whether the extracted answer equals the known one.</summary>
    public static bool IsCorrect(EvaluateRecipe recipe, string response, string answer) =>
        string.Equals(Extract(recipe, response), answer.Trim(), StringComparison.Ordinal);
}
