using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;
using OpdCode.Models.Templates;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Models;

/// <summary>
/// Where a model's responses end. Published folders often name only part of it: instruct models whose configuration
/// still says the base model's end-of-text are the usual case, so the chat template is asked too.
/// </summary>
internal sealed record ResponseEnds
{
    private const string Probe = "OpdCodeProbe";

    /// <summary>The union over generation_config.json, config.json, the tokenizer and the chat template's end of turn.</summary>
    public required IReadOnlySet<int> StopIds { get; init; }

    /// <summary>The special token that the chat template puts behind an answer; null without a template or such a token.</summary>
    public required int? EndOfTurn { get; init; }

    /// <summary>The tokenizer's end of text, where the head has a row for it.</summary>
    public required int? EndOfText { get; init; }

    /// <summary>Whether a file says that <see cref="EndOfTurn"/> ends a response; other tools only know what files say.</summary>
    public required bool EndOfTurnIsDeclared { get; init; }

    /// <summary>generation_config.json names texts that end a response; they are not used, see <see cref="LanguageModel.StopIds"/>.</summary>
    public required bool HasStopStrings { get; init; }

    /// <summary>The one token that a given answer is ended with; null when nothing ends a response.</summary>
    public int? EndId(PromptFormat format)
    {
        int? end = format == PromptFormat.Plain ? EndOfText ?? EndOfTurn : EndOfTurn ?? EndOfText;
        return end ?? (StopIds.Count > 0 ? StopIds.Min() : null);
    }

    public static ResponseEnds Read(string folder, DecoderConfig config, ModelTokenizer tokenizer, ChatTemplate? template)
    {
        JsonObject? generation = ConfigFile.ReadOptional(Path.Combine(folder, "generation_config.json"), ErrorCodes.ModelConfigInvalid);
        var stops = new HashSet<int>(DecoderConfigReader.Ids(generation?["eos_token_id"]));
        stops.UnionWith(config.EosIds);
        if (tokenizer.EosId is int eos) stops.Add(eos);
        stops.RemoveWhere(id => id >= config.VocabularySize);
        int? turn = TurnEnd(tokenizer, template) is int found && found < config.VocabularySize ? found : null;
        bool declared = turn is int known && stops.Contains(known);
        if (turn is int id) stops.Add(id);
        return new ResponseEnds
        {
            StopIds = stops,
            EndOfTurn = turn,
            EndOfText = tokenizer.EosId is int text && stops.Contains(text) ? text : null,
            EndOfTurnIsDeclared = declared,
            HasStopStrings = generation?["stop_strings"] is JsonArray { Count: > 0 } or JsonValue,
        };
    }

    private static int? TurnEnd(ModelTokenizer tokenizer, ChatTemplate? template)
    {
        if (template is null) return null;
        string text;
        try
        {
            text = template.Render(
                [new ChatMessage("user", Probe), new ChatMessage("assistant", Probe)],
                new ChatTemplateOptions { AddGenerationPrompt = false, BosToken = tokenizer.BosToken, EosToken = tokenizer.EosToken });
        }
        catch (OpdException)
        {
            return null; // a template that refuses this conversation is reported with the user's own prompt
        }
        int after = text.LastIndexOf(Probe, StringComparison.Ordinal);
        if (after < 0) return null;
        int[] ids = tokenizer.Encode(text[(after + Probe.Length)..], SpecialTokens.None).Ids;
        int special = Array.FindIndex(ids, tokenizer.IsSpecial);
        return special < 0 ? null : ids[special];
    }
}
