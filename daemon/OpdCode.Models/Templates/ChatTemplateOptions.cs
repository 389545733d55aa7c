using System.Text.Json.Nodes;

namespace OpdCode.Models.Templates;

/// <summary>What a chat template is given besides the messages.</summary>
public sealed record ChatTemplateOptions
{
    /// <summary>Whether the text ends with the opening of the assistant's turn, so that a model goes on from there.</summary>
    /// <value>False.</value>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>Descriptions of tools, as JSON schemas; null when there are none.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Further variables of the template, for example <c>enable_thinking</c>.</summary>
    public JsonObject? Variables { get; init; }

    /// <summary>The text of the tokenizer's BOS token; undefined in the template when null.</summary>
    public string? BosToken { get; init; }

    /// <summary>The text of the tokenizer's EOS token; undefined in the template when null.</summary>
    public string? EosToken { get; init; }

    /// <summary>What <c>strftime_now</c> reads.</summary>
    /// <value>The system's clock.</value>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
