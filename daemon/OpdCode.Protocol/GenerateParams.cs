namespace OpdCode.Protocol;

/// <summary>What to write on from.</summary>
public sealed record GenerateParams
{
    /// <summary>Absolute path of the model folder.</summary>
    [ClientPath]
    public required string Model { get; init; }

    /// <summary>The prompt.</summary>
    public required string Prompt { get; init; }

    /// <summary>True: the prompt is the user's turn and the chat template is applied to it.</summary>
    public bool ApplyTemplate { get; init; }

    /// <summary>What the answer begins with; the model goes on from there.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>New tokens at most, 1 to 32,768.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>Sampling temperature; 0: the most likely token each time.</summary>
    public double Temperature { get; init; }

    /// <summary>Makes sampling repeatable.</summary>
    public long Seed { get; init; }

    /// <summary>Where to report progress; null: nowhere.</summary>
    public string? ProgressToken { get; init; }
}
