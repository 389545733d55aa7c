namespace OpdCode.Protocol;

/// <summary>Other stabilizers for a stored rollout.</summary>
public sealed record WhatIfParams : RunParams
{
    /// <summary>The optimizer step.</summary>
    public required int Step { get; init; }

    /// <summary>Position in the step, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The stabilizers as the JSON text of a recipe's <c>stabilizers</c> list.</summary>
    public required string Stabilizers { get; init; }
}
