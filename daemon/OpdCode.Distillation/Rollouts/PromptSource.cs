using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Models.Templates;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Rollouts;

/// <summary>
/// The training examples as token ids and the order they are seen in: each epoch is a fresh permutation, a function of
/// seed and epoch alone, so the cursor is the step number.
/// </summary>
public sealed class PromptSource
{
    private readonly IReadOnlyList<TrainingExample> _examples;
    private readonly long _seed;
    private readonly Dictionary<int, int[]> _orders = [];

    private PromptSource(IReadOnlyList<TrainingExample> examples, IReadOnlyList<int[]> promptIds, long seed)
        => (_examples, PromptIds, _seed) = (examples, promptIds, seed);

    /// <summary>The examples, in file order.</summary>
    public IReadOnlyList<TrainingExample> Examples => _examples;

    /// <summary>Token ids of every example's prompt.</summary>
    public IReadOnlyList<int[]> PromptIds { get; }

    /// <summary>Reads a data file and encodes its prompts.</summary>
    /// <param name="path">JSON lines.</param>
    /// <param name="model">Whose tokenizer and chat template to use.</param>
    /// <param name="format">Chat or plain.</param>
    /// <param name="longestResponse">Tokens that must still fit behind each prompt.</param>
    /// <param name="seed">Of the order.</param>
    /// <param name="count">At most so many examples from the top of the file; 0: all.</param>
    /// <exception cref="OpdException">OPD1201 or OPD1202 naming file and line.</exception>
    public static PromptSource Read(string path, LanguageModel model, PromptFormat format, int longestResponse, long seed, int count = 0)
    {
        IEnumerable<TrainingExample> lines = DataFile.Read(path);
        List<TrainingExample> examples = (count > 0 ? lines.Take(count) : lines).ToList();
        if (examples.Count == 0)
            throw new OpdException(ErrorCodes.DataLineInvalid, $"{path} holds no examples. Every line must be a JSON object with a \"prompt\".");
        var ids = new List<int[]>(examples.Count);
        foreach (TrainingExample example in examples)
        {
            int[] prompt = Encode(path, example, model, format);
            try
            {
                Generator.CheckLength(model.Decoder.Config, prompt.Length, longestResponse);
            }
            catch (OpdException failure) when (failure.Code == ErrorCodes.PromptTooLong)
            {
                throw new OpdException(failure.Code, $"{path}, line {example.Line}: {failure.Message}", failure);
            }
            ids.Add(prompt);
        }
        return new PromptSource(examples, ids, seed);
    }

    private static int[] Encode(string path, TrainingExample example, LanguageModel model, PromptFormat format)
    {
        if (format == PromptFormat.Plain)
        {
            return model.EncodePlain(example.Prompt
                ?? throw new OpdException(ErrorCodes.DataLineInvalid, $"{path}, line {example.Line}: data.format is \"plain\" but the line has no \"prompt\" text."));
        }
        ChatMessage[] messages = example.Messages is { } chat
            ? chat.Select(m => new ChatMessage(m.Role, m.Content)).ToArray()
            : [new ChatMessage("user", example.Prompt
                ?? throw new OpdException(ErrorCodes.DataLineInvalid, $"{path}, line {example.Line}: neither \"prompt\" nor \"messages\"."))];
        return model.EncodeChat(messages);
    }

    /// <summary>The examples of a step: <paramref name="perStep"/> consecutive places of the endless shuffled stream.</summary>
    /// <param name="step">From 1.</param>
    /// <param name="perStep">Examples per step.</param>
    public int[] Batch(int step, int perStep)
    {
        var batch = new int[perStep];
        for (int i = 0; i < perStep; i++)
        {
            long place = (long)(step - 1) * perStep + i;
            int epoch = (int)(place / _examples.Count);
            batch[i] = Order(epoch)[(int)(place % _examples.Count)];
        }
        return batch;
    }

    private int[] Order(int epoch)
    {
        if (_orders.TryGetValue(epoch, out int[]? order)) return order;
        if (_orders.Count > 2) _orders.Clear();
        return _orders[epoch] = CounterRandom.Permutation(_examples.Count, _seed, RandomStream.DataOrder + epoch);
    }
}
