using System.Globalization;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Models.Templates;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Rollouts;

/// <summary>Turns examples of a data file into token ids and refuses what cannot be answered.</summary>
/// <param name="file">The data file, for messages.</param>
/// <param name="model">Whose tokenizer and chat template to use.</param>
/// <param name="format">Chat or plain.</param>
/// <param name="longestResponse">Tokens that must still fit behind each prompt.</param>
public sealed class PromptEncoder(string file, LanguageModel model, PromptFormat format, int longestResponse)
{
    /// <summary>The data file.</summary>
    public string File => file;

    /// <summary>The prompt of an example as token ids.</summary>
    /// <exception cref="OpdException">OPD1201: no prompt of the format; OPD1202: it does not fit the context. Both name file and line.</exception>
    public int[] Encode(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        int[] ids = format == PromptFormat.Plain ? Plain(example) : Chat(example);
        try
        {
            Generator.CheckLength(model.Decoder.Config, ids.Length, longestResponse);
        }
        catch (OpdException failure) when (failure.Code == ErrorCodes.PromptTooLong)
        {
            throw new OpdException(failure.Code, $"{Place(example)}: {failure.Message}", failure);
        }
        return ids;
    }

    /// <summary>The held-out prompts of a recipe: of a file of its own, or of the part of the training file that is held out.</summary>
    /// <param name="evaluate">With an absolute path, where it has one.</param>
    /// <param name="data">With an absolute path.</param>
    /// <param name="model">Whose tokenizer and chat template to use.</param>
    /// <param name="longestResponse">Tokens that must still fit behind each prompt.</param>
    /// <exception cref="OpdException">OPD1201 or OPD1202 naming file and line; OPD1201 when nothing is held out.</exception>
    public static IReadOnlyList<EncodedPrompt> ReadHeldOut(EvaluateRecipe evaluate, DataRecipe data, LanguageModel model, int longestResponse)
    {
        ArgumentNullException.ThrowIfNull(evaluate);
        ArgumentNullException.ThrowIfNull(data);
        string file = evaluate.Data ?? data.Train;
        var encoder = new PromptEncoder(file, model, data.Format, longestResponse);
        IEnumerable<TrainingExample> examples = DataFile.Read(file);
        if (evaluate.Data is null) examples = examples.Where(new HeldOutSplit(data.HoldOut).IsHeldOut);
        if (evaluate.Count > 0) examples = examples.Take(evaluate.Count);
        EncodedPrompt[] prompts = [.. examples.Select(example => new EncodedPrompt(example, encoder.Encode(example)))];
        if (prompts.Length > 0) return prompts;
        throw new OpdException(ErrorCodes.DataLineInvalid, evaluate.Data is null
            ? string.Create(CultureInfo.InvariantCulture, $"{file}: data.holdOut is {data.HoldOut} and keeps not one prompt for the evaluation. Raise it, or name a file in evaluate.data.")
            : $"{file} holds no examples. Every line must be a JSON object with a \"prompt\".");
    }

    private int[] Plain(TrainingExample example) => model.EncodePlain(example.Prompt
        ?? throw new OpdException(ErrorCodes.DataLineInvalid, $"{Place(example)}: data.format is \"plain\" but the line has no \"prompt\" text."));

    private int[] Chat(TrainingExample example) => model.EncodeChat(example.Messages is { } chat
        ? chat.Select(m => new ChatMessage(m.Role, m.Content)).ToArray()
        : [new ChatMessage("user", example.Prompt
            ?? throw new OpdException(ErrorCodes.DataLineInvalid, $"{Place(example)}: neither \"prompt\" nor \"messages\"."))]);

    /// <summary>File and line for a message; without its line where nobody counted, then with the beginning of the prompt.</summary>
    public string Place(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        if (example.Line > 0) return $"{file}, line {example.Line}";
        string prompt = example.Prompt ?? example.Messages?[^1].Content ?? "";
        return $"{file}, at the prompt \"{(prompt.Length <= 60 ? prompt : string.Concat(prompt.AsSpan(0, 57), "..."))}\"";
    }
}
