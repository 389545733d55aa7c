namespace OpdCode.Recipes.Contexts;

/// <summary>Examples from the memory, written out one after another.</summary>
public sealed record HarnessRetrieval
{
    /// <summary>How many at most.</summary>
    public required int K { get; init; }

    /// <summary>The template of one example, over its columns.</summary>
    public string Format { get; init; } = "{prompt}\n{answer}\n\n";

    /// <summary>A stage: only examples whose answer is its result. Any answer when absent.</summary>
    public string? SameAnswerAs { get; init; }

    /// <summary>A stage: only examples whose answer is another than its result. Any answer when absent.</summary>
    public string? OtherAnswerThan { get; init; }

    /// <summary>The memory must hold so many examples; with fewer there is no value (a cold start).</summary>
    public int AtLeast { get; init; } = 1;
}
