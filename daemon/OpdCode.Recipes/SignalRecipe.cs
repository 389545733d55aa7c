using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>Where the judgement of every token comes from: one of the kinds below.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TeacherSignalRecipe), "teacher")]
public abstract record SignalRecipe;
