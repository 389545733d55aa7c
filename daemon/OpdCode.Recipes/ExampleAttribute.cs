namespace OpdCode.Recipes;

/// <summary>A value that a person might write; offered by completion.</summary>
/// <param name="value">A text, a number or a flag.</param>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
public sealed class ExampleAttribute(object value) : Attribute
{
    /// <summary>A text, a number or a flag.</summary>
    public object Value { get; } = value;
}
