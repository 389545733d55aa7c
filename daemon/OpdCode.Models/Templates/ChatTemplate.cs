using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Models.Templates.Jinja;
using OpdCode.Protocol;

namespace OpdCode.Models.Templates;

/// <summary>
/// How a model wants a conversation written: the Jinja template of its folder, rendered as transformers renders it
/// (blocks trimmed, JSON with Python's separators, undefined values empty). Safe to use from several threads.
/// </summary>
public sealed class ChatTemplate
{
    private readonly Statement[] _body;

    private ChatTemplate(string source)
    {
        Source = source;
        _body = TemplateParser.Parse(source);
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>
    /// Reads chat_template.jinja, or else <c>chat_template</c> of tokenizer_config.json (a text, or a named list of
    /// which "default" is taken).
    /// </summary>
    /// <param name="folder">A Hugging Face folder.</param>
    /// <returns>Null when the folder has no template: base models have none.</returns>
    /// <exception cref="OpdException">OPD2105: the template or the file around it is malformed.</exception>
    public static ChatTemplate? Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string own = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(own))
            return In(own, File.ReadAllText(own));
        string config = Path.Combine(folder, "tokenizer_config.json");
        return File.Exists(config) && FromConfig(config) is { } source ? In(config, source) : null;
    }

    /// <summary>Reads a template from its text.</summary>
    /// <exception cref="OpdException">OPD2105, with the line.</exception>
    public static ChatTemplate Parse(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ChatTemplate(source);
    }

    /// <summary>The conversation as the one text that the model reads.</summary>
    /// <exception cref="OpdException">
    /// OPD2105, with the line: the template refuses these messages (<c>raise_exception</c>), does something that
    /// is not possible, or does not come to an end.
    /// </exception>
    public string Render(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions options)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(options);
        var scope = new Scope(null);
        scope.Set("messages", messages.Select(ToMap).ToList<object?>());
        scope.Set("tools", JinjaValue.FromJson(options.Tools));
        scope.Set("documents", null);
        scope.Set("add_generation_prompt", options.AddGenerationPrompt);
        if (options.BosToken is not null)
            scope.Set("bos_token", options.BosToken);
        if (options.EosToken is not null)
            scope.Set("eos_token", options.EosToken);
        foreach ((string name, JsonNode? value) in options.Variables ?? [])
            scope.Set(name, JinjaValue.FromJson(value));
        return new Renderer(options.Clock).Render(_body, scope);
    }

    private static OrderedDictionary<string, object?> ToMap(ChatMessage message)
    {
        var map = new OrderedDictionary<string, object?> { ["role"] = message.Role, ["content"] = message.Content };
        if (message.ToolCalls is not null)
            map["tool_calls"] = JinjaValue.FromJson(message.ToolCalls);
        foreach ((string name, JsonNode? value) in message.Extra ?? [])
            map[name] = JinjaValue.FromJson(value);
        return map;
    }

    private static ChatTemplate In(string file, string source)
    {
        try
        {
            return new ChatTemplate(source);
        }
        catch (OpdException e)
        {
            throw new OpdException(e.Code, $"{file}: {e.Message}", e);
        }
    }

    private static string? FromConfig(string file)
    {
        try
        {
            JsonNode? template = (JsonNode.Parse(File.ReadAllText(file)) as JsonObject)?["chat_template"];
            if (template is JsonArray named)
                template = named.OfType<JsonObject>().FirstOrDefault(entry => (string?)entry["name"] == "default")?["template"];
            return (string?)template;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new OpdException(ErrorCodes.ChatTemplateInvalid, $"{file}: chat_template must be a text, or a list of objects with name and template: {e.Message}", e);
        }
    }
}
