using OpdCode.Protocol;

namespace OpdCode.Recipes.Data;

/// <summary>Reads data files one example at a time, however large they are.</summary>
public static class DataFile
{
    /// <summary>The examples in the order of the file. Empty lines are passed over but counted.</summary>
    /// <param name="path">A file of JSON lines in UTF-8, with or without a byte order mark, either line end.</param>
    /// <exception cref="OpdException">OPD1002 when there is no such file; OPD1201 at a line that cannot be read.</exception>
    public static IEnumerable<TrainingExample> Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return ReadLines(path);
    }

    /// <summary>Every line with its example or with what is wrong with it; goes on after a wrong line.</summary>
    internal static IEnumerable<(TrainingExample? Example, OpdException? Failure, int Line)> ReadAll(string path)
    {
        using LineScanner lines = new(path);
        while (lines.MoveNext())
        {
            TrainingExample? example = null;
            OpdException? failure = null;
            try
            {
                example = Parse(lines);
                if (example is null) continue;
            }
            catch (OpdException e)
            {
                failure = e;
            }
            yield return (example, failure, lines.Line);
        }
    }

    private static IEnumerable<TrainingExample> ReadLines(string path)
    {
        using LineScanner lines = new(path);
        while (lines.MoveNext())
        {
            if (Parse(lines) is { } example) yield return example;
        }
    }

    // Apart, because a span may not live across a yield.
    private static TrainingExample? Parse(LineScanner lines)
    {
        ReadOnlySpan<byte> line = lines.Current;
        return line.IndexOfAnyExcept(" \t\r"u8) < 0 ? null : ExampleParser.Parse(line, lines.Path, lines.Line);
    }
}
