using System.Buffers;
using System.Text;
using System.Text.Json;

namespace OpdCode.Recipes.Reading;

/// <summary>
/// Reads JSON with comments and trailing commas into a tree that knows its places. What stands before a syntax
/// error is kept, so that one missing comma does not hide every other problem.
/// </summary>
internal sealed class JsonTree
{
    private static readonly JsonReaderOptions s_options =
        new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 64 };

    private readonly byte[] _bytes;
    private long _lastByte;
    private int _lastOffset;

    private JsonTree(string text) => _bytes = Encoding.UTF8.GetBytes(text);

    /// <summary>The value of the text; null when the text holds none.</summary>
    public LocatedValue? Root { get; private set; }

    /// <summary>What is wrong with the syntax; null when nothing is.</summary>
    public string? Error { get; private set; }

    /// <summary>Offset of the syntax error.</summary>
    public int ErrorOffset { get; private set; }

    /// <summary>Parses a text; never throws for what the text holds.</summary>
    public static JsonTree Parse(string text)
    {
        JsonTree tree = new(text);
        tree.Read();
        return tree;
    }

    private void Read()
    {
        if (_bytes.AsSpan().IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            Error = SyntaxMessage.Empty;
            return;
        }
        Utf8JsonReader reader = new(_bytes, s_options);
        Stack<LocatedValue> open = new();
        string? key = null;
        int keyStart = 0, keyEnd = 0;
        try
        {
            while (reader.Read())
            {
                int start = ToOffset(reader.TokenStartIndex);
                if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                {
                    LocatedValue closed = open.Pop();
                    closed.End = start + 1;
                    closed.IsComplete = true;
                    continue;
                }
                string? text = ReadText(ref reader);
                int end = ToOffset(reader.BytesConsumed);
                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    // The reader has consumed the colon as well; the key alone ends at its closing quote.
                    key = text;
                    keyStart = start;
                    keyEnd = start + KeyLength(reader.TokenStartIndex);
                    continue;
                }
                bool opens = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
                LocatedValue value = new() { Kind = KindOf(reader.TokenType), Start = start, End = end, Text = text, IsComplete = !opens };
                if (open.Count == 0) Root = value;
                else if (open.Peek() is { Kind: JsonValueKind.Array } array) array.Items.Add(value);
                else open.Peek().Members.Add(new LocatedMember(key!, value, keyStart, keyEnd));
                if (opens) open.Push(value);
            }
        }
        catch (JsonException e)
        {
            Error = SyntaxMessage.Of(e.Message);
            ErrorOffset = OffsetOf(e.LineNumber ?? 0, e.BytePositionInLine ?? 0);
        }
        catch (InvalidOperationException)
        {
            // A string with half a surrogate pair (\ud800) is well-formed JSON but no text.
            Error = "The text holds half a surrogate pair (\\ud800 to \\udfff), which is no character.";
            ErrorOffset = ToOffset(reader.TokenStartIndex);
        }
    }

    private static string? ReadText(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String or JsonTokenType.PropertyName => reader.GetString(),
        JsonTokenType.Number => Encoding.UTF8.GetString(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan),
        _ => null,
    };

    private static JsonValueKind KindOf(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => JsonValueKind.Object,
        JsonTokenType.StartArray => JsonValueKind.Array,
        JsonTokenType.String => JsonValueKind.String,
        JsonTokenType.Number => JsonValueKind.Number,
        JsonTokenType.True => JsonValueKind.True,
        JsonTokenType.False => JsonValueKind.False,
        _ => JsonValueKind.Null,
    };

    // Offsets are asked for in rising order, so each stretch of bytes is decoded once.
    private int ToOffset(long byteIndex)
    {
        if (byteIndex < _lastByte) (_lastByte, _lastOffset) = (0, 0);
        _lastOffset += Encoding.UTF8.GetCharCount(_bytes, (int)_lastByte, (int)(byteIndex - _lastByte));
        _lastByte = byteIndex;
        return _lastOffset;
    }

    private int KeyLength(long start)
    {
        int end = (int)start + 1;
        while (_bytes[end] != (byte)'"') end += _bytes[end] == (byte)'\\' ? 2 : 1;
        return Encoding.UTF8.GetCharCount(_bytes, (int)start, end + 1 - (int)start);
    }

    private int OffsetOf(long line, long byteInLine)
    {
        int at = 0;
        for (; line > 0; line--)
        {
            int next = _bytes.AsSpan(at).IndexOf((byte)'\n');
            if (next < 0) break;
            at += next + 1;
        }
        return Encoding.UTF8.GetCharCount(_bytes, 0, (int)Math.Min(at + byteInLine, _bytes.Length));
    }
}
