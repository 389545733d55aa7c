namespace OpdCode.Protocol;

/// <summary>Recipes: read, check, resolve, write.</summary>
public interface IRecipeCalls
{
    /// <summary>Reads a recipe and finds all of its problems; with preflight also those that need models and data.</summary>
    [RpcMethod("recipes/validate")]
    Task<RecipeValidation> ValidateRecipe(ValidateRecipeParams parameters, CancellationToken cancel);

    /// <summary>The recipe with every setting, its value and where the value came from.</summary>
    [RpcMethod("recipes/resolve")]
    Task<RecipeResolution> ResolveRecipe(RecipeParams parameters, CancellationToken cancel);

    /// <summary>How much memory a run of the recipe needs, and whether that is there.</summary>
    [RpcMethod("recipes/estimate")]
    Task<RecipeEstimate> EstimateRecipe(RecipeParams parameters, CancellationToken cancel);

    /// <summary>The methods that a recipe can name.</summary>
    [RpcMethod("recipes/methods")]
    Task<MethodList> ListMethods(EmptyParams parameters, CancellationToken cancel);

    /// <summary>The JSON Schema of recipes.</summary>
    [RpcMethod("recipes/schema")]
    Task<RecipeSchema> GetSchema(EmptyParams parameters, CancellationToken cancel);

    /// <summary>The text of a new recipe.</summary>
    [RpcMethod("recipes/new")]
    Task<RecipeText> NewRecipe(NewRecipeParams parameters, CancellationToken cancel);

    /// <summary>The recipe's text with one setting changed or added, comments and layout kept.</summary>
    [RpcMethod("recipes/edit")]
    Task<RecipeText> EditRecipe(EditRecipeParams parameters, CancellationToken cancel);
}
