namespace OpdCode.Recipes;

/// <summary>Marks a text as a path relative to the recipe, so that tools can check it and carry it to another folder.</summary>
/// <param name="kind">What the path must lead to.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RecipePathAttribute(RecipePathKind kind) : Attribute
{
    /// <summary>What the path must lead to.</summary>
    public RecipePathKind Kind { get; } = kind;
}
