namespace OpdCode.Protocol;

/// <summary>A change of one setting.</summary>
public sealed record EditRecipeParams
{
    /// <summary>The recipe's text as it is.</summary>
    public required string Text { get; init; }

    /// <summary>The setting, for example <c>stabilizers[0].gamma</c>; an index one past the end adds an item.</summary>
    public required string Setting { get; init; }

    /// <summary>The new value as JSON text; null removes the setting.</summary>
    public string? Value { get; init; }
}
