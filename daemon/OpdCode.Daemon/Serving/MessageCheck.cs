using System.Text;
using System.Text.Json;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// Whether bytes are a message that can be dispatched: one JSON object in UTF-8, not too deep, with a method, and an id
/// that is a text or a whole number. What passes here cannot trouble the library that dispatches it.
/// </summary>
internal sealed record MessageCheck
{
    private const int MostDepth = 64, MostNameLength = 256;

    /// <summary>What is wrong, in a sentence; null when nothing is.</summary>
    public string? Problem { get; private init; }

    /// <summary>The name that is called; null for a message that is an answer.</summary>
    public string? Method { get; private init; }

    /// <summary>The id as JSON text; null for a notification.</summary>
    public string? Id { get; private init; }

    /// <summary>Whether it has parameters.</summary>
    public bool HasParameters { get; private init; }

    /// <summary>Looks at a message.</summary>
    /// <param name="message">Its bytes.</param>
    public static MessageCheck Of(ReadOnlySpan<byte> message)
    {
        if (!System.Text.Unicode.Utf8.IsValid(message)) return Wrong("The message is not UTF-8.");
        try
        {
            return Read(message);
        }
        catch (JsonException failure)
        {
            return Wrong($"The message is not JSON: {failure.Message.Split(" LineNumber", 2)[0]}");
        }
        catch (InvalidOperationException) // a text with half a surrogate pair
        {
            return Wrong("The message's method or id is not text.");
        }
    }

    private static MessageCheck Read(ReadOnlySpan<byte> message)
    {
        var reader = new Utf8JsonReader(message, new JsonReaderOptions { MaxDepth = MostDepth });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return Wrong("The message is not an object; batches are not taken.");
        string? method = null, id = null, problem = null;
        bool hasParameters = false, isAnswer = false, hasVersion = false;
        var seen = new HashSet<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.ValueSpan.Length <= 16 ? reader.GetString()! : "";
            if (name.Length > 0 && !seen.Add(name)) problem ??= $"The message has \"{name}\" twice.";
            reader.Read();
            switch (name)
            {
                case "jsonrpc":
                    hasVersion = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("2.0"u8);
                    break;
                case "method":
                    if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length is > 0 and <= MostNameLength) method = reader.GetString();
                    else problem ??= "The message's method is not a short text.";
                    break;
                case "id":
                    bool isId = (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= MostNameLength && reader.GetString() is not null)
                        || (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out _));
                    if (isId) id = reader.TokenType == JsonTokenType.String ? JsonSerializer.Serialize(reader.GetString()) : Encoding.UTF8.GetString(reader.ValueSpan);
                    else problem ??= "The message's id is neither a short text nor a whole number of 64 bits.";
                    break;
                case "params":
                    hasParameters = true;
                    if (reader.TokenType != JsonTokenType.StartObject) problem ??= "The message's params are not an object.";
                    break;
                case "result" or "error":
                    isAnswer = true;
                    break;
            }
            reader.Skip();
        }
        if (reader.Read()) problem ??= "The message goes on after its end.";
        if (!hasVersion) problem ??= "The message is not JSON-RPC 2.0.";
        if (method is null && !isAnswer) problem ??= "The message has no method.";
        return new MessageCheck { Problem = problem, Method = isAnswer ? null : method, Id = id, HasParameters = hasParameters };
    }

    private static MessageCheck Wrong(string problem) => new() { Problem = problem };
}
