using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>Which outcomes a divergence compares: one of the kinds below.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(FullSupportRecipe), "full")]
[JsonDerivedType(typeof(TopKSupportRecipe), "top-k")]
public abstract record SupportRecipe;
