using OpdCode.Protocol;

namespace OpdCode.Recipes.Data;

/// <summary>A file of JSON lines in blocks of bytes. A block owns the lines that begin in it; the last of them may end in the next.</summary>
internal sealed class JsonLinesBlocks : IExampleBlocks
{
    private readonly string _path;
    private readonly long _blockBytes;
    private (int Block, int Line) _counted = (0, 0);

    public JsonLinesBlocks(string path, long blockBytes)
    {
        FileInfo file = new(path);
        if (!file.Exists) throw new OpdException(ErrorCodes.FileNotFound, $"There is no data file {path}. Paths in a recipe are relative to the recipe.");
        if (file.Length == 0) throw new OpdException(ErrorCodes.DataLineInvalid, $"{path} is empty: there is nothing to learn from.");
        (_path, _blockBytes) = (path, blockBytes);
        Count = checked((int)((file.Length + blockBytes - 1) / blockBytes));
    }

    public int Count { get; }

    public IEnumerable<(TrainingExample Example, long Place)> Read(int block)
    {
        long from = block * _blockBytes, to = from + _blockBytes;
        // Lines can be numbered only by someone who came by all blocks before; 0 says that nobody did.
        int line = _counted.Block == block ? _counted.Line : -1;
        // From one byte earlier: if that byte ends a line, the line that begins at the block belongs to it.
        using LineScanner lines = new(_path, Math.Max(from - 1, 0));
        if (from > 0 && !lines.MoveNext()) yield break;
        while (lines.NextOffset < to && lines.MoveNext())
        {
            if (line >= 0) line++;
            if (DataFile.IsBlank(lines.Current)) continue;
            yield return (Parse(lines, Math.Max(line, 0)), lines.Offset);
        }
        if (line >= 0) _counted = (block + 1, line);
    }

    private TrainingExample Parse(LineScanner lines, int line)
    {
        try
        {
            return ExampleParser.Parse(lines.Current, _path, line, "line");
        }
        catch (OpdException) when (line == 0)
        {
            // A wrong line is worth counting from the top.
            return ExampleParser.Parse(lines.Current, _path, CountLines(lines.Offset) + 1, "line");
        }
    }

    private int CountLines(long before)
    {
        using LineScanner lines = new(_path);
        int count = 0;
        while (lines.NextOffset < before && lines.MoveNext()) count++;
        return count;
    }
}
