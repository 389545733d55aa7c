using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>What is done around the steps to need fewer of them: one of the kinds below.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ExtrapolateAccelerationRecipe), "extrapolate")]
public abstract record AccelerationRecipe;
