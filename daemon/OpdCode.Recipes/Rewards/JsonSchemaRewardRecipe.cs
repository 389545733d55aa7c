using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Rewards;

/// <summary>1 when the response is JSON (a fenced block is unwrapped) that the schema accepts; otherwise 0.</summary>
public sealed record JsonSchemaRewardRecipe : RewardRecipe
{
    /// <summary>A JSON Schema file (draft-07).</summary>
    [MinLength(1)]
    [RecipePath(RecipePathKind.DataFile)]
    [Example("answer.schema.json")]
    public required string Schema { get; init; }
}
