namespace OpdCode.Daemon.Rollouts.Import;

/// <summary>One response of another engine with its numbers, in the names of a run folder.</summary>
internal sealed class ImportedRow
{
    /// <summary>The optimizer step, ≥ 0.</summary>
    public int Step { get; set; }

    /// <summary>The prompt as text.</summary>
    public string Prompt { get; set; } = "";

    /// <summary>The response as text; null: its tokens one after the other.</summary>
    public string? Response { get; set; }

    /// <summary>The known answer.</summary>
    public string? Reference { get; set; }

    /// <summary>Reward of the response.</summary>
    public double? Reward { get; set; }

    /// <summary>How it ended, where that was said.</summary>
    public string Finish { get; set; } = "stop";

    /// <summary>Tokens of the prompt that stand before those of the response in <see cref="Ids"/> and in all arrays.</summary>
    public int PromptTokens { get; set; }

    /// <summary>The tokens; null where only texts are known.</summary>
    public int[]? Ids { get; set; }

    /// <summary>The tokens' texts; null where only ids are known.</summary>
    public string[]? Texts { get; set; }

    /// <summary>Arrays of numbers, one entry a token, by their name in a run folder; what has no such name keeps its own.</summary>
    public Dictionary<string, double[]> Numbers { get; } = [];
}
