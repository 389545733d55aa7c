using OpdCode.Protocol;

namespace OpdCode.Recipes.Data;

/// <summary>
/// An endless shuffled stream over a file of JSON lines of any size. The file is cut into blocks; each pass takes
/// the blocks in a random order, a window of them at a time, and shuffles the examples of a window. Opening reads
/// nothing, memory holds one window, a file smaller than a window is shuffled perfectly, and the order is a function
/// of seed, file size and settings alone.
/// </summary>
public sealed class ShuffledExamples
{
    private readonly string _path;
    private readonly long _seed;
    private readonly long _blockBytes;
    private readonly int _windowBlocks;
    private readonly int _blocks;
    private ShuffleCursor _cursor;
    private (long Epoch, int Window) _loaded = (-1, -1);
    private List<TrainingExample> _window = [];

    /// <summary>Opens a file.</summary>
    /// <param name="path">JSON lines.</param>
    /// <param name="seed">Of the order.</param>
    /// <param name="cursor">Where to go on; the beginning when absent.</param>
    /// <param name="blockBytes">Size of a block in bytes.</param>
    /// <param name="windowBlocks">Blocks in a window: more shuffle better and take more memory.</param>
    /// <exception cref="OpdException">OPD1002 when there is no such file; OPD1201 when it is empty.</exception>
    public ShuffledExamples(string path, long seed, ShuffleCursor cursor = default, long blockBytes = 1 << 20, int windowBlocks = 32)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(windowBlocks, 1);
        FileInfo file = new(path);
        if (!file.Exists) throw new OpdException(ErrorCodes.FileNotFound, $"There is no data file {path}. Paths in a recipe are relative to the recipe.");
        if (file.Length == 0) throw new OpdException(ErrorCodes.DataLineInvalid, $"{path} is empty: there is nothing to learn from.");
        (_path, _seed, _cursor, _blockBytes, _windowBlocks) = (path, seed, cursor, blockBytes, windowBlocks);
        _blocks = checked((int)((file.Length + blockBytes - 1) / blockBytes));
    }

    /// <summary>The place of the example that <see cref="Next"/> gives next.</summary>
    public ShuffleCursor Cursor => _cursor;

    /// <summary>The next example. Its <see cref="TrainingExample.Line"/> is 0: only a scan from the top counts lines.</summary>
    /// <exception cref="OpdException">OPD1201 naming file and line.</exception>
    public TrainingExample Next()
    {
        int windows = (_blocks + _windowBlocks - 1) / _windowBlocks;
        // A pass without a single example would search forever.
        for (int tried = 0; tried <= windows; tried++)
        {
            Load();
            if (_cursor.Index < _window.Count)
            {
                TrainingExample example = _window[_cursor.Index];
                _cursor = _cursor with { Index = _cursor.Index + 1 };
                return example;
            }
            _cursor = _cursor.Window + 1 < windows ? new ShuffleCursor(_cursor.Epoch, _cursor.Window + 1, 0) : new ShuffleCursor(_cursor.Epoch + 1, 0, 0);
        }
        throw new OpdException(ErrorCodes.DataLineInvalid, $"{_path} holds no examples. Every line must be a JSON object with a \"prompt\".");
    }

    private void Load()
    {
        if (_loaded == (_cursor.Epoch, _cursor.Window)) return;
        int[] order = Permutation(_blocks, Mix(_seed, _cursor.Epoch, -1));
        List<TrainingExample> examples = [];
        foreach (int block in order.Skip(_cursor.Window * _windowBlocks).Take(_windowBlocks).Order()) ReadBlock(block, examples);
        int[] places = Permutation(examples.Count, Mix(_seed, _cursor.Epoch, _cursor.Window));
        _window = [.. places.Select(p => examples[p])];
        _loaded = (_cursor.Epoch, _cursor.Window);
    }

    // A block owns the lines that begin in it; the last of them may end in the next block.
    private void ReadBlock(int block, List<TrainingExample> examples)
    {
        long from = block * _blockBytes, to = from + _blockBytes;
        // From one byte earlier: if that byte ends a line, the line that begins at the block belongs to it.
        using LineScanner lines = new(_path, Math.Max(from - 1, 0));
        if (from > 0 && !lines.MoveNext()) return;
        while (lines.NextOffset < to && lines.MoveNext())
        {
            if (DataFile.IsBlank(lines.Current)) continue;
            try
            {
                examples.Add(ExampleParser.Parse(lines.Current, _path, 0, "line"));
            }
            catch (OpdException)
            {
                // The number of the line is only known by counting from the top; a wrong line is worth that.
                int number = CountLines(lines.Offset) + 1;
                ExampleParser.Parse(lines.Current, _path, number, "line");
                throw;
            }
        }
    }

    private int CountLines(long before)
    {
        using LineScanner lines = new(_path);
        int count = 0;
        while (lines.NextOffset < before && lines.MoveNext()) count++;
        return count;
    }

    private static int[] Permutation(int count, ulong state)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            // The high half of a product with the range: unbiased to 2^-32 at any size that fits memory.
            int j = (int)(((SplitMix(ref state) >> 32) * (ulong)(i + 1)) >> 32);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }

    private static ulong Mix(long seed, long epoch, long window)
    {
        ulong state = (ulong)seed;
        state = SplitMix(ref state) ^ (ulong)epoch;
        state = SplitMix(ref state) ^ (ulong)window;
        return SplitMix(ref state);
    }

    // SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine and in every version of .NET.
    private static ulong SplitMix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
