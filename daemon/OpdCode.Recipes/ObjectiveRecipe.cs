using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>What is optimised: one of the kinds below.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DivergenceObjectiveRecipe), "divergence")]
[JsonDerivedType(typeof(PolicyGradientObjectiveRecipe), "policy-gradient")]
[JsonDerivedType(typeof(GroupRewardObjectiveRecipe), "group-reward")]
[JsonDerivedType(typeof(PreferenceObjectiveRecipe), "preference")]
[JsonDerivedType(typeof(SupervisedObjectiveRecipe), "supervised")]
public abstract record ObjectiveRecipe;
