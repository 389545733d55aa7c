namespace OpdCode.Recipes;

/// <summary>Every token of the vocabulary: the exact divergence.</summary>
public sealed record FullSupportRecipe : SupportRecipe;
