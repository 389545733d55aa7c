using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Rollouts;

/// <summary>
/// The endless shuffled stream of training prompts. Where it stands is part of a checkpoint, so a resumed run sees the
/// examples that the uninterrupted one would have seen. A file beyond some 30 MB is never held as a whole: its lines
/// are read, checked and tokenised while the step before computes, those of a smaller one before the first step.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class PromptSource : IMethodState, IDisposable
{
    private readonly ShuffledExamples _stream;
    private readonly PromptEncoder _encoder;
    private readonly Dictionary<TrainingExample, int[]> _encoded = new(ReferenceEqualityComparer.Instance);
    private (ShuffleCursor From, Task<EncodedPrompt[]> Prompts)? _ahead; // uses the stream: nobody else may until it is done

    private PromptSource(ShuffledExamples stream, PromptEncoder encoder)
    {
        (_stream, _encoder) = (stream, encoder);
        if (stream.Loaded.Count == 0 && stream.IsWhole)
            throw new OpdException(ErrorCodes.DataLineInvalid, $"{encoder.File} holds no examples to learn from. Every line must be a JSON object with a \"prompt\"; data.holdOut must leave some.");
        foreach (TrainingExample example in stream.Loaded) LongestPrompt = Math.Max(LongestPrompt, Ids(example).Length);
    }

    /// <summary>Opens the training file of a recipe.</summary>
    /// <param name="data">With an absolute path.</param>
    /// <param name="model">Whose tokenizer and chat template to use.</param>
    /// <param name="longestResponse">Tokens that must still fit behind each prompt.</param>
    /// <param name="seed">Of the order.</param>
    /// <exception cref="OpdException">OPD1201 or OPD1202 naming file and line.</exception>
    public static PromptSource Open(DataRecipe data, LanguageModel model, int longestResponse, long seed) => Open(data, model, longestResponse, seed, 1 << 20);

    internal static PromptSource Open(DataRecipe data, LanguageModel model, int longestResponse, long seed, long blockBytes)
    {
        ArgumentNullException.ThrowIfNull(data);
        var split = new HeldOutSplit(data.HoldOut);
        IReadOnlySet<long>? repeated = data.Deduplicate ? DataFile.Repetitions(data.Train) : null;
        var stream = new ShuffledExamples(data.Train, seed, (example, place) => !split.IsHeldOut(example) && repeated?.Contains(place) != true, blockBytes);
        return new PromptSource(stream, new PromptEncoder(data.Train, model, data.Format, longestResponse));
    }

    /// <summary>Tokens of the longest prompt seen so far; of the longest there is where the file fits in memory.</summary>
    public int LongestPrompt { get; private set; }

    /// <summary>The examples that are in memory before the first step: all of them, or the first part of a large file.</summary>
    public IReadOnlyList<TrainingExample> Loaded
    {
        get
        {
            GoBack();
            return _stream.Loaded;
        }
    }

    /// <summary>The next examples of the stream.</summary>
    /// <param name="count">How many.</param>
    /// <exception cref="OpdException">OPD1201 or OPD1202 naming file and line, for a file too large to be checked before.</exception>
    public EncodedPrompt[] Next(int count)
    {
        EncodedPrompt[] batch = TakeAhead(count) ?? Draw(count);
        foreach (EncodedPrompt prompt in batch) LongestPrompt = Math.Max(LongestPrompt, prompt.Ids.Length);
        // Of a file that is held everything is tokenised already.
        if (!_stream.IsWhole) _ahead = (_stream.Cursor, Task.Run(() => Draw(count)));
        return batch;
    }

    private EncodedPrompt[] Draw(int count)
    {
        var batch = new EncodedPrompt[count];
        for (int i = 0; i < count; i++)
        {
            TrainingExample example = _stream.Next();
            batch[i] = new EncodedPrompt(example, Ids(example));
        }
        return batch;
    }

    // What was drawn ahead, where it is what is wanted.
    private EncodedPrompt[]? TakeAhead(int count)
    {
        if (_ahead is not { } ahead) return null;
        Task.WaitAny(ahead.Prompts);
        if (ahead.Prompts.IsCompletedSuccessfully && ahead.Prompts.Result.Length == count)
        {
            _ahead = null;
            return ahead.Prompts.Result;
        }
        GoBack(); // a line that could not be read is met again by who wants it now
        return null;
    }

    // As if nothing had been drawn ahead.
    private void GoBack()
    {
        if (_ahead is not { } ahead) return;
        Task.WaitAny(ahead.Prompts);
        _stream.Cursor = ahead.From;
        _ahead = null;
    }

    /// <summary>File and line of an example, for messages.</summary>
    public string Place(TrainingExample example) => _encoder.Place(example);

    private int[] Ids(TrainingExample example)
    {
        if (_encoded.TryGetValue(example, out int[]? ids)) return ids;
        ids = _encoder.Encode(example);
        // Of a large file every example comes once a pass: remembering its ids would only fill the memory.
        return _stream.IsWhole ? _encoded[example] = ids : ids;
    }

    /// <inheritdoc />
    public string Name => "data.cursor";

    /// <inheritdoc />
    public MethodSnapshot Capture()
    {
        ShuffleCursor at = _ahead?.From ?? _stream.Cursor;
        return new(new Dictionary<string, TorchSharp.torch.Tensor>(), new Dictionary<string, double> { ["epoch"] = at.Epoch, ["window"] = at.Window, ["index"] = at.Index });
    }

    /// <inheritdoc />
    public void Restore(MethodSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        IReadOnlyDictionary<string, double> at = snapshot.Numbers;
        if (!at.ContainsKey("epoch") || !at.ContainsKey("window") || !at.ContainsKey("index"))
            throw new OpdException(ErrorCodes.CheckpointInvalid, $"The checkpoint does not say where the data stood (epoch, window, index); it has {string.Join(", ", at.Keys)}. Resume from another checkpoint.");
        GoBack();
        _stream.Cursor = new ShuffleCursor((long)at["epoch"], (int)at["window"], (int)at["index"]);
    }

    /// <summary>Lets go of the file: nothing is drawn ahead any more.</summary>
    public void Dispose() => GoBack();
}
