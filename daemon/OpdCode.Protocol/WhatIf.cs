namespace OpdCode.Protocol;

/// <summary>What stabilizers do to a rollout.</summary>
public sealed record WhatIf
{
    /// <summary>One column a stabilizer that changed a weight (<c>stage:NAME</c>), and <c>weight</c>, the product.</summary>
    public required IReadOnlyList<TokenColumn> Columns { get; init; }

    /// <summary>What each stage did, and what could not be computed from what is stored, in sentences.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Settings of these stabilizers that can be moved.</summary>
    public required IReadOnlyList<WhatIfSetting> Settings { get; init; }
}
