using OpdCode.Protocol;

namespace OpdCode.Recipes.Data;

/// <summary>
/// An endless shuffled stream over a data file of any size. The file is cut into blocks (JSON lines: a megabyte each;
/// Parquet: its row groups); each pass takes the blocks in a random order, a window of them at a time, and shuffles the
/// examples of a window. Opening reads nothing, memory holds one window, a file smaller than a window is shuffled
/// perfectly, and the order is a function of seed, file and settings alone.
/// </summary>
public sealed class ShuffledExamples
{
    private readonly string _path;
    private readonly long _seed;
    private readonly Func<TrainingExample, long, bool> _keep;
    private readonly IExampleBlocks _blocks;
    private readonly int _windowBlocks;
    private (long Epoch, int Window) _loaded = (-1, -1);
    private TrainingExample[] _window = [];
    private int[] _places = [];

    /// <summary>Opens a file.</summary>
    /// <param name="path">JSON lines or Parquet.</param>
    /// <param name="seed">Of the order.</param>
    /// <param name="keep">Says of an example and its place in the file (a number of its own) whether it is part of the stream; null: all are.</param>
    /// <param name="blockBytes">Size of a block of JSON lines in bytes.</param>
    /// <param name="windowBlocks">Blocks in a window: more shuffle better and take more memory.</param>
    /// <exception cref="OpdException">OPD1002 when there is no such file; OPD1201 when it is empty.</exception>
    public ShuffledExamples(string path, long seed, Func<TrainingExample, long, bool>? keep = null, long blockBytes = 1 << 20, int windowBlocks = 32)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(windowBlocks, 1);
        (_path, _seed, _keep, _windowBlocks) = (path, seed, keep ?? ((_, _) => true), windowBlocks);
        _blocks = ParquetExamples.IsParquet(path) ? new ParquetBlocks(path) : new JsonLinesBlocks(path, blockBytes);
        if (ParquetExamples.IsParquet(path)) _windowBlocks = 1; // a row group is a window's worth
    }

    /// <summary>The place of the example that <see cref="Next"/> gives next; setting it goes there.</summary>
    public ShuffleCursor Cursor { get; set; }

    /// <summary>True when all examples are held at once, so that every one of them can be looked at before the first step.</summary>
    public bool IsWhole => _blocks.Count <= _windowBlocks;

    /// <summary>All examples in the order of the file, where <see cref="IsWhole"/>; else those of the current window.</summary>
    /// <exception cref="OpdException">OPD1201 naming file and line.</exception>
    public IReadOnlyList<TrainingExample> Loaded
    {
        get
        {
            Load();
            return _window;
        }
    }

    /// <summary>The next example. Its <see cref="TrainingExample.Line"/> is 0 where the file is larger than a window: only a scan from the top counts lines.</summary>
    /// <exception cref="OpdException">OPD1201 naming file and line, or that there is not one example.</exception>
    public TrainingExample Next()
    {
        int windows = (_blocks.Count + _windowBlocks - 1) / _windowBlocks;
        // A pass without a single example would search forever.
        for (int tried = 0; tried <= windows; tried++)
        {
            Load();
            if (Cursor.Index < _window.Length)
            {
                TrainingExample example = _window[_places[Cursor.Index]];
                Cursor = Cursor with { Index = Cursor.Index + 1 };
                return example;
            }
            Cursor = Cursor.Window + 1 < windows ? new ShuffleCursor(Cursor.Epoch, Cursor.Window + 1, 0) : new ShuffleCursor(Cursor.Epoch + 1, 0, 0);
        }
        throw new OpdException(ErrorCodes.DataLineInvalid, $"{_path} holds no examples to learn from. Every line must be a JSON object with a \"prompt\"; data.holdOut must leave some.");
    }

    private void Load()
    {
        if (_loaded == (Cursor.Epoch, Cursor.Window)) return;
        bool here = IsWhole && _loaded.Epoch >= 0; // another order of what is held already
        if (!here)
        {
            int[] order = Permutation(_blocks.Count, Mix(_seed, Cursor.Epoch, -1));
            IEnumerable<int> blocks = order.Skip(Cursor.Window * _windowBlocks).Take(_windowBlocks).Order();
            _window = [.. blocks.SelectMany(_blocks.Read).Where(e => _keep(e.Example, e.Place)).Select(e => e.Example)];
        }
        _places = Permutation(_window.Length, Mix(_seed, Cursor.Epoch, Cursor.Window));
        _loaded = (Cursor.Epoch, Cursor.Window);
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
