using System.Text.Json;
using System.Text.Unicode;

namespace OpdCode.Models.Weights;

/// <summary>
/// Reads the JSON of weight files token by token, so that what is allocated is what is kept. Stricter than the
/// serializer: no duplicate keys, no comments, whole numbers only, valid UTF-8 throughout.
/// </summary>
/// <remarks>Every failure is a <see cref="JsonException"/> (its message is written for the user); callers name the file.</remarks>
internal ref struct StrictJson
{
    private Utf8JsonReader _reader;

    internal StrictJson(ReadOnlySpan<byte> utf8)
    {
        // The JSON reader checks encoding only where a string is decoded.
        if (!Utf8.IsValid(utf8)) throw new JsonException("it is not valid UTF-8");
        _reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 16 });
    }

    internal readonly JsonTokenType Kind => _reader.TokenType;

    /// <summary>Moves to the next token.</summary>
    internal void Advance(string expected)
    {
        if (!_reader.Read()) throw new JsonException($"it ends where {expected} is expected");
    }

    /// <summary>Moves to the next token, which must be of this kind.</summary>
    internal void Expect(JsonTokenType kind, string expected)
    {
        Advance(expected);
        Require(kind, expected);
    }

    /// <summary>The current token must be of this kind.</summary>
    internal readonly void Require(JsonTokenType kind, string expected)
    {
        if (Kind != kind) throw new JsonException($"{expected} is expected, but {Describe(Kind)} is there");
    }

    /// <summary>Moves to the next key of an object; false at its end. Refuses a key that <paramref name="seen"/> holds.</summary>
    internal bool NextKey(HashSet<string> seen, out string key)
    {
        Advance("a key or the end of an object");
        key = "";
        if (Kind == JsonTokenType.EndObject) return false;
        key = Text("a key");
        if (!seen.Add(key)) throw new JsonException($"the key {Show(key)} is there twice");
        return true;
    }

    /// <summary>The current token as a key.</summary>
    internal readonly string Key()
    {
        Require(JsonTokenType.PropertyName, "a key");
        return Text("a key");
    }

    internal string NextText(string expected)
    {
        Expect(JsonTokenType.String, expected);
        return Text(expected);
    }

    /// <summary>The current token as a whole number of zero or more.</summary>
    internal readonly long Count(string expected)
    {
        Require(JsonTokenType.Number, expected);
        if (_reader.ValueSpan[0] == (byte)'-' || !_reader.TryGetInt64(out long value))
            throw new JsonException($"{expected} is expected, but {Show(System.Text.Encoding.UTF8.GetString(_reader.ValueSpan[..Math.Min(40, _reader.ValueSpan.Length)]))} is there");
        return value;
    }

    /// <summary>Nothing but white space may follow; the JSON reader itself refuses anything else.</summary>
    internal void End() => _reader.Read();

    /// <summary>Steps over the value that follows the current key.</summary>
    internal void Skip()
    {
        Advance("a value");
        _reader.Skip();
    }

    /// <summary>A name from a file, made safe for one line of a message.</summary>
    internal static string Show(string name)
    {
        string shown = name.Length <= 80 ? name : name[..77] + "...";
        return "'" + string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)) + "'";
    }

    private readonly string Text(string expected)
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException) // half of a surrogate pair, written as an escape
        {
            throw new JsonException($"{expected} is not valid Unicode text");
        }
    }

    private static string Describe(JsonTokenType kind) => kind switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a truth value",
        JsonTokenType.Null => "null",
        _ => "the end of an object or list",
    };
}
