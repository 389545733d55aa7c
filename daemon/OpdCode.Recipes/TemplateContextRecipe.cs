using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>A text over the columns of the example.</summary>
public sealed record TemplateContextRecipe : ContextRecipe
{
    /// <summary>
    /// Takes the place of the prompt (of the last user message of a conversation). {prompt}, {completion}, {answer},
    /// {privileged_context} and any other column are filled in; {other.COLUMN} is that column of another example of the
    /// data, drawn by the recipe's seed; {{ and }} are braces.
    /// </summary>
    [MinLength(1)]
    [Example("{prompt}\n\nA correct solution:\n{completion}\n\nSolve the problem in your own words.")]
    public required string Text { get; init; }
}
