namespace OpdCode.Recipes;

/// <summary>The unit of a setting's value, in words: shown in hovers and in the schema.</summary>
/// <param name="unit">For example tokens, nats, steps.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class UnitAttribute(string unit) : Attribute
{
    /// <summary>For example tokens, nats, steps.</summary>
    public string Unit { get; } = unit;
}
