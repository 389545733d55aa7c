using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Rollouts;

/// <summary>
/// The endless shuffled stream of training prompts. Where it stands is part of a checkpoint, so a resumed run sees the
/// examples that the uninterrupted one would have seen. A file beyond some 30 MB is never held as a whole: its lines
/// are checked when they are drawn, those of a smaller one before the first step.
/// </summary>
public sealed class PromptSource : IMethodState
{
    private readonly ShuffledExamples _stream;
    private readonly PromptEncoder _encoder;
    private readonly Dictionary<TrainingExample, int[]> _encoded = new(ReferenceEqualityComparer.Instance);

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
    public static PromptSource Open(DataRecipe data, LanguageModel model, int longestResponse, long seed)
    {
        ArgumentNullException.ThrowIfNull(data);
        var split = new HeldOutSplit(data.HoldOut);
        IReadOnlySet<long>? repeated = data.Deduplicate ? DataFile.Repetitions(data.Train) : null;
        var stream = new ShuffledExamples(data.Train, seed, (example, place) => !split.IsHeldOut(example) && repeated?.Contains(place) != true);
        return new PromptSource(stream, new PromptEncoder(data.Train, model, data.Format, longestResponse));
    }

    /// <summary>Tokens of the longest prompt seen so far; of the longest there is where the file fits in memory.</summary>
    public int LongestPrompt { get; private set; }

    /// <summary>The examples that are in memory before the first step: all of them, or the first part of a large file.</summary>
    public IReadOnlyList<TrainingExample> Loaded => _stream.Loaded;

    /// <summary>The next examples of the stream.</summary>
    /// <param name="count">How many.</param>
    /// <exception cref="OpdException">OPD1201 or OPD1202 naming file and line, for a file too large to be checked before.</exception>
    public EncodedPrompt[] Next(int count)
    {
        var batch = new EncodedPrompt[count];
        for (int i = 0; i < count; i++)
        {
            TrainingExample example = _stream.Next();
            batch[i] = new EncodedPrompt(example, Ids(example));
            LongestPrompt = Math.Max(LongestPrompt, batch[i].Ids.Length);
        }
        return batch;
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
    public MethodSnapshot Capture() => new(new Dictionary<string, TorchSharp.torch.Tensor>(), new Dictionary<string, double>
    {
        ["epoch"] = _stream.Cursor.Epoch, ["window"] = _stream.Cursor.Window, ["index"] = _stream.Cursor.Index,
    });

    /// <inheritdoc />
    public void Restore(MethodSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        IReadOnlyDictionary<string, double> at = snapshot.Numbers;
        if (!at.ContainsKey("epoch") || !at.ContainsKey("window") || !at.ContainsKey("index"))
            throw new OpdException(ErrorCodes.CheckpointInvalid, $"The checkpoint does not say where the data stood (epoch, window, index); it has {string.Join(", ", at.Keys)}. Resume from another checkpoint.");
        _stream.Cursor = new ShuffleCursor((long)at["epoch"], (int)at["window"], (int)at["index"]);
    }
}
