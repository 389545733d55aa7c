namespace OpdCode.Protocol;

/// <summary>Which recipe to write.</summary>
public sealed record NewRecipeParams
{
    /// <summary>A method's name; null: plain on-policy distillation, every axis spelled out.</summary>
    public string? Method { get; init; }
}
