using OpdCode.Protocol;

namespace OpdCode.Recipes.Data;

/// <summary>Reads data files one example at a time, however large they are: JSON lines, or Parquet (<c>.parquet</c>).</summary>
public static class DataFile
{
    /// <summary>The examples in the order of the file. Empty lines are passed over but counted.</summary>
    /// <param name="path">JSON lines in UTF-8, with or without a byte order mark, either line end; or a Parquet file with the same columns.</param>
    /// <exception cref="OpdException">OPD1002 when there is no such file; OPD1201 at a line that cannot be read.</exception>
    public static IEnumerable<TrainingExample> Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return ReadAll(path).Select(line => line.Example ?? throw line.Failure!);
    }

    /// <summary>The places (as <see cref="ShuffledExamples"/> counts them) of examples whose prompt occurred before. Reads the whole file once.</summary>
    /// <exception cref="OpdException">OPD1002 when there is no such file; OPD1201 at a line that cannot be read.</exception>
    public static IReadOnlySet<long> Repetitions(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        IExampleBlocks blocks = ParquetExamples.IsParquet(path) ? new ParquetBlocks(path) : new JsonLinesBlocks(path, 1 << 20);
        HashSet<UInt128> seen = [];
        return Enumerable.Range(0, blocks.Count).SelectMany(blocks.Read).Where(e => !seen.Add(PromptHash.Of(e.Example))).Select(e => e.Place).ToHashSet();
    }

    /// <summary>Every line with its example or with what is wrong with it; goes on after a wrong line.</summary>
    internal static IEnumerable<(TrainingExample? Example, OpdException? Failure, int Line)> ReadAll(string path) =>
        ParquetExamples.IsParquet(path) ? ParquetExamples.ReadAll(path) : ReadLines(path);

    /// <summary>True for a line that holds nothing but white space.</summary>
    internal static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;

    private static IEnumerable<(TrainingExample? Example, OpdException? Failure, int Line)> ReadLines(string path)
    {
        using LineScanner lines = new(path);
        while (lines.MoveNext())
        {
            if (IsBlank(lines.Current)) continue;
            TrainingExample? example = null;
            OpdException? failure = null;
            try
            {
                example = ExampleParser.Parse(lines.Current, path, lines.Line, "line");
            }
            catch (OpdException e)
            {
                failure = e;
            }
            yield return (example, failure, lines.Line);
        }
    }
}
