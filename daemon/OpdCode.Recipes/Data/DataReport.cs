namespace OpdCode.Recipes.Data;

/// <summary>What a data file holds.</summary>
public sealed record DataReport
{
    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Lines that hold an example.</summary>
    public required int Examples { get; init; }

    /// <summary>How many examples have each column.</summary>
    public required IReadOnlyDictionary<string, int> Columns { get; init; }

    /// <summary>Examples whose prompt occurred before.</summary>
    public required int Duplicates { get; init; }

    /// <summary>Length of the longest prompt in UTF-16 units, all messages of a conversation together.</summary>
    public required int LongestPrompt { get; init; }

    /// <summary>The line of the longest prompt, counted from 1; 0 without examples.</summary>
    public required int LongestPromptLine { get; init; }

    /// <summary>Lines that cannot be read, at most <see cref="DataCheck.MostProblems"/> of them.</summary>
    public required IReadOnlyList<DataLineProblem> Problems { get; init; }

    /// <summary>All lines that cannot be read.</summary>
    public required int Unreadable { get; init; }
}
