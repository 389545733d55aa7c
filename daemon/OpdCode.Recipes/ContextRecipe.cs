using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>How the prompt is made that the judge sees before a response: one of the kinds below.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TemplateContextRecipe), "template")]
[JsonDerivedType(typeof(HarnessContextRecipe), "harness")]
[JsonDerivedType(typeof(PeerContextRecipe), "peers")]
public abstract record ContextRecipe;
