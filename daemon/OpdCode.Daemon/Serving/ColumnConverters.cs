using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Rollouts;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// Writes long columns of numbers straight into the message: a page of token feedback holds hundreds of thousands, and
/// going through an interface for each takes longer than everything else of the call. Runs are copied as they are kept.
/// </summary>
internal static class ColumnConverters
{
    private const int MostBytesOfNumber = 16;

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
            int[] values = value as int[] ?? [.. value];
            Raw(writer, values.Length, (i, to) => Utf8Formatter.TryFormat(values[i], to, out int written) ? written : 0);
        }
    }

    private sealed class Numbers : JsonConverter<IReadOnlyList<double?>>
    {
        public override IReadOnlyList<double?>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonSerializer.Deserialize<double?[]>(ref reader, options);

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<double?> value, JsonSerializerOptions options)
        {
            if (value is not FloatColumn column)
            {
                writer.WriteStartArray();
                foreach (double? number in value)
                {
                    if (number is double finite) writer.WriteNumberValue(finite);
                    else writer.WriteNullValue();
                }
                writer.WriteEndArray();
                return;
            }
            Raw(writer, column.Count, (i, to) =>
            {
                float number = column.Floats[i];
                if (float.IsFinite(number)) return Utf8Formatter.TryFormat(number, to, out int written) ? written : 0;
                "null"u8.CopyTo(to);
                return 4;
            });
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

    private sealed class Runs : JsonConverter<Run>
    {
        public override Run? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonSerializer.Deserialize<Run>(ref reader, ProtocolJson.Options);

        public override void Write(Utf8JsonWriter writer, Run value, JsonSerializerOptions options) => writer.WriteRawValue(RunBytes.Of(value), skipInputValidation: true);
    }

    private delegate int WriteNumber(int position, Span<byte> to);

    private static void Raw(Utf8JsonWriter writer, int count, WriteNumber write)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent((count * (MostBytesOfNumber + 1)) + 2);
        try
        {
            int at = 0;
            bytes[at++] = (byte)'[';
            for (int i = 0; i < count; i++)
            {
                if (i > 0) bytes[at++] = (byte)',';
                at += write(i, bytes.AsSpan(at));
            }
            bytes[at++] = (byte)']';
            writer.WriteRawValue(bytes.AsSpan(0, at), skipInputValidation: true);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
