namespace OpdCode.Protocol;

/// <summary>The outcome of a run, as <c>opdcode run --json</c> prints it.</summary>
public sealed record RunSummary
{
    /// <summary>Name of the run: its folder's name.</summary>
    public required string RunId { get; init; }

    /// <summary>Full path of the run folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The page that shows the run, token by token.</summary>
    public required string Report { get; init; }

    /// <summary>How it ended: <c>finished</c>, or <c>stopped</c> or <c>paused</c> with everything saved before the last step.</summary>
    public required string Ending { get; init; }

    /// <summary>Optimizer steps done.</summary>
    public required int Steps { get; init; }

    /// <summary>Accuracy before the first step; null when the recipe does not evaluate.</summary>
    public required EvaluationScore? Before { get; init; }

    /// <summary>Accuracy after the last step; null when the recipe does not evaluate.</summary>
    public required EvaluationScore? After { get; init; }

    /// <summary>Seconds from loading the models to the last file written.</summary>
    public required double WallSeconds { get; init; }

    /// <summary>Response tokens trained on.</summary>
    public required long Tokens { get; init; }
}
