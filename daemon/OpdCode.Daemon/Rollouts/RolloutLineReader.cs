using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Reads a line of a rollout file without making objects of what is not asked for: most of a line are alternatives.</summary>
internal static class RolloutLineReader
{
    /// <summary>Reads a line.</summary>
    /// <param name="line">Its bytes; alternatives stay slices of them.</param>
    /// <param name="isWithTexts">False: token texts are passed over.</param>
    /// <exception cref="JsonException">It is no rollout, or its arrays do not fit its tokens.</exception>
    public static RolloutLine Read(ReadOnlyMemory<byte> line, bool isWithTexts)
    {
        var rollout = new RolloutLine();
        var reader = new Utf8JsonReader(line.Span);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("an object was expected");
        bool hasIds = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == "tokenIds")
            {
                rollout.Ids = [.. Numbers(ref reader, name, 0)];
                hasIds = true;
            }
            else if (name == "tokenTexts" && isWithTexts) rollout.Texts = Texts(ref reader, rollout.Tokens);
            else Member(ref reader, line, rollout, name);
        }
        if (!hasIds) throw new JsonException("\"tokenIds\" is missing");
        foreach ((string name, float[] values) in rollout.Numbers)
            if (values.Length != rollout.Tokens) throw new JsonException($"\"{name}\" has {values.Length} entries for {rollout.Tokens} tokens");
        if (rollout.Texts is { } texts && texts.Length != rollout.Tokens) throw new JsonException($"\"tokenTexts\" has {texts.Length} entries for {rollout.Tokens} tokens");
        return rollout;
    }

    private static void Member(ref Utf8JsonReader reader, ReadOnlyMemory<byte> line, RolloutLine rollout, string name)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                Array(ref reader, line, rollout, name);
                return;
            case JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    string inner = $"{name}.{reader.GetString()}";
                    reader.Read();
                    if (reader.TokenType == JsonTokenType.StartArray) Array(ref reader, line, rollout, inner);
                    else reader.Skip();
                }
                return;
            case JsonTokenType.Number when name == "step":
                rollout.Step = reader.GetInt32();
                return;
            case JsonTokenType.Number when name == "index":
                rollout.Index = reader.GetInt32();
                return;
            case JsonTokenType.True or JsonTokenType.False when name == "correct":
                rollout.Correct = reader.GetBoolean();
                return;
            case JsonTokenType.String:
                Text(rollout, name, ref reader);
                return;
        }
    }

    private static void Text(RolloutLine rollout, string name, ref Utf8JsonReader reader)
    {
        switch (name)
        {
            case "prompt": rollout.Prompt = reader.GetString()!; break;
            case "response": rollout.Response = reader.GetString()!; break;
            case "reference": rollout.Reference = reader.GetString(); break;
            case "finish": rollout.Finish = reader.GetString()!; break;
            case "divergenceLabel": rollout.DivergenceLabel = reader.GetString(); break;
        }
    }

    // Numbers are read, arrays of arrays kept for later, anything else passed over.
    private static void Array(ref Utf8JsonReader reader, ReadOnlyMemory<byte> line, RolloutLine rollout, string name)
    {
        int start = (int)reader.TokenStartIndex;
        Utf8JsonReader first = reader;
        first.Read();
        if (first.TokenType == JsonTokenType.StartArray)
        {
            reader.Skip();
            rollout.Nested[name] = line[start..(int)reader.BytesConsumed];
        }
        else if (first.TokenType == JsonTokenType.Number || (first.TokenType == JsonTokenType.String && Named(ref first) is not null))
        {
            rollout.Numbers[name] = [.. CollectionsMarshal.AsSpan(Floats(ref reader, name, rollout.Tokens))];
        }
        else
        {
            reader.Skip();
        }
    }

    [MethodImpl(Compiled.AtOnce)]
    private static List<float> Floats(ref Utf8JsonReader reader, string name, int expected)
    {
        var values = new List<float>(expected);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            values.Add(reader.TokenType switch
            {
                JsonTokenType.Number => (float)reader.GetDouble(),
                JsonTokenType.Null => float.NaN,
                JsonTokenType.String => Named(ref reader) ?? throw new JsonException($"\"{name}\" holds a text"),
                _ => throw new JsonException($"\"{name}\" holds something that is no number"),
            });
        }
        return values;
    }

    [MethodImpl(Compiled.AtOnce)]
    private static List<int> Numbers(ref Utf8JsonReader reader, string name, int expected)
    {
        var values = new List<int>(expected);
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException($"\"{name}\" is no array");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            values.Add(reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int value) ? value : throw new JsonException($"\"{name}\" holds something that is no whole number"));
        return values;
    }

    [MethodImpl(Compiled.AtOnce)]
    private static string[] Texts(ref Utf8JsonReader reader, int expected)
    {
        var texts = new List<string>(expected);
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("\"tokenTexts\" is no array");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) texts.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("\"tokenTexts\" holds something that is no text"));
        return [.. texts];
    }

    private static float? Named(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("NaN"u8) ? float.NaN : reader.ValueTextEquals("Infinity"u8) ? float.PositiveInfinity : reader.ValueTextEquals("-Infinity"u8) ? float.NegativeInfinity : null;
}
