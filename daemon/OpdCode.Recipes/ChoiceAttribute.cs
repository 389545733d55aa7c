namespace OpdCode.Recipes;

/// <summary>One of the texts that a setting may have, with what it means. Several of them make a closed list.</summary>
/// <param name="value">The text as it stands in a recipe.</param>
/// <param name="description">What it does, for completion and hover.</param>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
public sealed class ChoiceAttribute(string value, string description) : Attribute
{
    /// <summary>The text as it stands in a recipe.</summary>
    public string Value { get; } = value;

    /// <summary>What it does, for completion and hover.</summary>
    public string Description { get; } = description;
}
