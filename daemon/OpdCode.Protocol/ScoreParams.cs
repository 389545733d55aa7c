namespace OpdCode.Protocol;

/// <summary>A text to score.</summary>
public sealed record ScoreParams
{
    /// <summary>Absolute path of the model folder that is taken to have written the text; a checkpoint is one too.</summary>
    [ClientPath]
    public required string Student { get; init; }

    /// <summary>Absolute path of the model folder that judges.</summary>
    [ClientPath]
    public required string Teacher { get; init; }

    /// <summary>What stands before the text and is not scored; empty: nothing.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>True: the prompt is the user's turn and the chat template is applied to it.</summary>
    public bool ApplyTemplate { get; init; }

    /// <summary>The text, 1 to 32,768 tokens.</summary>
    public required string Text { get; init; }

    /// <summary>How many alternatives of both models come with each token, 0 to 50.</summary>
    public int TopK { get; init; } = 5;

    /// <summary>Which divergence the <c>divergence</c> column holds, a name that an objective knows.</summary>
    public string Divergence { get; init; } = "reverse-kl";

    /// <summary>Where to report progress; null: nowhere.</summary>
    public string? ProgressToken { get; init; }
}
