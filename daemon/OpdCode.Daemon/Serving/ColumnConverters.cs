using System.Text.Json;
using System.Text.Json.Serialization;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Rollouts;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// Copies long columns into the message as they were spelled: a page of token feedback holds hundreds of thousands of
/// numbers, and going through an interface for each takes longer than everything else of the call. So are runs.
/// </summary>
internal static class ColumnConverters
{
    /// <summary>Adds them to a formatter's options.</summary>
    public static JsonSerializerOptions WithColumns(this JsonSerializerOptions options)
    {
        options.Converters.Add(new WholeNumbers());
        options.Converters.Add(new Numbers());
        options.Converters.Add(new Alternatives());
        options.Converters.Add(new Runs());
        return options;
    }

    private sealed class WholeNumbers : JsonConverter<IReadOnlyList<int>>
    {
        public override IReadOnlyList<int>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonSerializer.Deserialize<int[]>(ref reader, options);

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<int> value, JsonSerializerOptions options)
        {
            if (value is LevelColumn levels)
            {
                writer.WriteRawValue(levels.Json, skipInputValidation: true);
                return;
            }
            writer.WriteStartArray();
            for (int i = 0; i < value.Count; i++) writer.WriteNumberValue(value[i]);
            writer.WriteEndArray();
        }
    }

    private sealed class Numbers : JsonConverter<IReadOnlyList<double?>>
    {
        public override IReadOnlyList<double?>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonSerializer.Deserialize<double?[]>(ref reader, options);

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<double?> value, JsonSerializerOptions options)
        {
            if (value is FloatColumn column)
            {
                writer.WriteRawValue(column.Json, skipInputValidation: true);
                return;
            }
            writer.WriteStartArray();
            foreach (double? number in value)
            {
                if (number is double finite) writer.WriteNumberValue(finite);
                else writer.WriteNullValue();
            }
            writer.WriteEndArray();
        }
    }

    private sealed class Alternatives : JsonConverter<IReadOnlyList<IReadOnlyList<TokenAlternative>>>
    {
        private static readonly JsonEncodedText s_id = JsonEncodedText.Encode("id"), s_text = JsonEncodedText.Encode("text"), s_logprob = JsonEncodedText.Encode("logprob");

        public override IReadOnlyList<IReadOnlyList<TokenAlternative>>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<TokenAlternative[][]>(ref reader, ProtocolJson.Options);

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<IReadOnlyList<TokenAlternative>> value, JsonSerializerOptions options)
        {
            if (value is not AlternativeRows rows)
            {
                JsonSerializer.Serialize(writer, value, ProtocolJson.Options);
                return;
            }
            writer.WriteStartArray();
            for (int t = 0; t < rows.Count; t++)
            {
                writer.WriteStartArray();
                ReadOnlySpan<int> ids = rows.Ids(t);
                ReadOnlySpan<float> logprobs = rows.Logprobs(t);
                for (int k = 0; k < ids.Length; k++)
                {
                    writer.WriteStartObject();
                    writer.WriteNumber(s_id, ids[k]);
                    writer.WriteString(s_text, rows.Text(t, k));
                    if (float.IsFinite(logprobs[k])) writer.WriteNumber(s_logprob, logprobs[k]);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
            }
            writer.WriteEndArray();
        }
    }

    private sealed class Runs : JsonConverter<IReadOnlyList<Run>>
    {
        public override IReadOnlyList<Run>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonSerializer.Deserialize<Run[]>(ref reader, ProtocolJson.Options);

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<Run> value, JsonSerializerOptions options)
        {
            if (value is not RunRows rows)
            {
                JsonSerializer.Serialize(writer, value, ProtocolJson.Options);
                return;
            }
            writer.WriteStartArray();
            for (int i = 0; i < rows.Count; i++) writer.WriteRawValue(rows.Json(i), skipInputValidation: true);
            writer.WriteEndArray();
        }
    }
}
