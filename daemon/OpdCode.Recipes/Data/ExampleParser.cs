using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Protocol;

namespace OpdCode.Recipes.Data;

/// <summary>
/// Makes an example of one line of JSON, by TRL's column names: <c>prompt</c> or <c>messages</c>, <c>completion</c>,
/// <c>answer</c>, <c>privileged_context</c>; prompt and completion are texts or lists of messages.
/// </summary>
internal static class ExampleParser
{
    /// <summary>The example; throws OPD1201 with the file, the line, and what is wrong.</summary>
    /// <param name="json">One JSON object.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="line">The line or row, counted from 1, for messages.</param>
    /// <param name="unit">What is counted: line or row.</param>
    public static TrainingExample Parse(ReadOnlySpan<byte> json, string path, int line, string unit)
    {
        try
        {
            return ParseColumns(json, line);
        }
        catch (JsonException e)
        {
            int cut = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            throw Invalid(path, line, unit, $"not valid JSON at byte {(e.BytePositionInLine ?? 0) + 1}: {(cut < 0 ? e.Message : e.Message[..cut])}", e);
        }
        catch (InvalidOperationException e)
        {
            throw Invalid(path, line, unit, "a text is not valid UTF-8, or holds half a surrogate pair. Save the file as UTF-8.", e);
        }
        catch (FormatException e)
        {
            throw Invalid(path, line, unit, e.Message, e);
        }
    }

    private static OpdException Invalid(string path, int line, string unit, string what, Exception cause) =>
        new(ErrorCodes.DataLineInvalid, $"{path}, {unit} {line}: {what}", cause);

    private static TrainingExample ParseColumns(ReadOnlySpan<byte> json, int line)
    {
        Utf8JsonReader reader = new(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new FormatException("the line must be a JSON object, such as {\"prompt\": \"2 + 2 =\"}.");
        string? prompt = null, completion = null, answer = null, privileged = null;
        List<ChatMessageRecord>? promptMessages = null, messages = null;
        JsonObject? extra = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("prompt"u8)) (prompt, promptMessages) = ReadTextOrMessages(ref reader, "prompt");
            else if (reader.ValueTextEquals("messages"u8)) messages = ReadTextOrMessages(ref reader, "messages").Messages;
            else if (reader.ValueTextEquals("completion"u8)) completion = ReadCompletion(ref reader);
            else if (reader.ValueTextEquals("answer"u8)) answer = ReadScalar(ref reader, "answer");
            else if (reader.ValueTextEquals("privileged_context"u8)) privileged = ReadScalar(ref reader, "privileged_context");
            else
            {
                string key = reader.GetString()!;
                reader.Read();
                (extra ??= [])[key] = JsonNode.Parse(ref reader);
            }
        }
        // One object a line: a second one glued on is a lost line break, not something to drop.
        if (reader.Read()) throw new FormatException("more than one value on the line.");
        if (messages is not null)
        {
            if (prompt is not null || promptMessages is not null) throw new FormatException("has both \"prompt\" and \"messages\"; keep one of them.");
            // TRL's GKD convention: the last assistant turn of a whole conversation is the response.
            if (completion is null && messages.Count > 1 && messages[^1].Role == "assistant")
            {
                completion = messages[^1].Content;
                messages.RemoveAt(messages.Count - 1);
            }
        }
        messages ??= promptMessages;
        if (prompt is null && messages is null) throw new FormatException($"has neither \"prompt\" nor \"messages\".{Seen(extra)}");
        if (messages is { Count: 0 }) throw new FormatException("the list of messages is empty.");
        return new TrainingExample
        {
            Prompt = prompt,
            Messages = messages,
            Completion = completion,
            Answer = answer,
            PrivilegedContext = privileged,
            Extra = extra,
            Line = line,
        };
    }

    private static string Seen(JsonObject? extra) =>
        extra is null ? "" : $" Its columns are {string.Join(", ", extra.Select(c => c.Key).Take(8))}.";

    private static (string? Text, List<ChatMessageRecord>? Messages) ReadTextOrMessages(ref Utf8JsonReader reader, string column)
    {
        reader.Read();
        switch (reader.TokenType)
        {
            case JsonTokenType.String when column != "messages":
                return (reader.GetString(), null);
            case JsonTokenType.Null:
                return (null, null);
            case JsonTokenType.StartArray:
                return (null, ReadMessages(ref reader, column));
            default:
                throw new FormatException(column == "messages"
                    ? "\"messages\" must be a list of messages, [{\"role\": \"user\", \"content\": \"…\"}]."
                    : $"\"{column}\" must be a text or a list of messages.");
        }
    }

    private static string? ReadCompletion(ref Utf8JsonReader reader)
    {
        (string? text, List<ChatMessageRecord>? messages) = ReadTextOrMessages(ref reader, "completion");
        if (messages is null) return text;
        if (messages.Count == 1 && messages[0].Role == "assistant") return messages[0].Content;
        throw new FormatException("\"completion\" as a list must hold exactly one assistant message.");
    }

    private static List<ChatMessageRecord> ReadMessages(ref Utf8JsonReader reader, string column)
    {
        List<ChatMessageRecord> messages = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            string at = $"\"{column}\", message {messages.Count + 1},";
            if (reader.TokenType != JsonTokenType.StartObject) throw new FormatException($"{at} must be an object with \"role\" and \"content\".");
            string? role = null, content = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("role"u8)) role = ReadScalar(ref reader, "role");
                else if (reader.ValueTextEquals("content"u8)) content = ReadContent(ref reader, at);
                else
                {
                    string key = reader.GetString()!;
                    reader.Read();
                    if (key is "tool_calls" && reader.TokenType != JsonTokenType.Null)
                        throw new FormatException($"{at} has \"tool_calls\", which are not supported. Write the call into \"content\" as the model would.");
                    reader.Skip();
                }
            }
            if (role is null) throw new FormatException($"{at} has no \"role\".");
            if (role is not ("system" or "developer" or "user" or "assistant" or "tool"))
                throw new FormatException($"{at} has the role \"{role}\"; a role is system, user, assistant or tool.");
            messages.Add(new ChatMessageRecord(role, content ?? throw new FormatException($"{at} has no \"content\".")));
        }
        return messages;
    }

    // A content is a text, or parts [{"type": "text", "text": "…"}]; images have no place in a text model.
    private static string? ReadContent(ref Utf8JsonReader reader, string at)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return null;
        if (reader.TokenType == JsonTokenType.String) return reader.GetString();
        if (reader.TokenType != JsonTokenType.StartArray) throw new FormatException($"{at} has a \"content\" that is no text.");
        StringBuilder text = new();
        JsonArray parts = JsonNode.Parse(ref reader)!.AsArray();
        foreach (JsonNode? part in parts)
        {
            if (part is not JsonObject { } o || o["type"]?.ToString() != "text" || o["text"] is not JsonValue value)
                throw new FormatException($"{at} has a part that is no text; only text can be distilled.");
            text.Append(value.ToString());
        }
        return text.ToString();
    }

    // Answers are often numbers in data files; they are compared as they were written.
    private static string? ReadScalar(ref Utf8JsonReader reader, string column)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
            JsonTokenType.True => "true",
            JsonTokenType.False => "false",
            JsonTokenType.Null => null,
            _ => throw new FormatException($"\"{column}\" must be a text or a number."),
        };
    }
}
