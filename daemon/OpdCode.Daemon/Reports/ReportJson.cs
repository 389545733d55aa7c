using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace OpdCode.Daemon.Reports;

/// <summary>
/// How data is spelled inside the page. Unlike the run's files, every character that means something to HTML
/// (&lt; &gt; &amp; ' ") and every invisible control character is written as \uXXXX, so no text of a model can end
/// the script element or reorder the page's source.
/// </summary>
internal static class ReportJson
{
    private static readonly JavaScriptEncoder s_encoder = MakeEncoder();

    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = s_encoder,
        Converters = { new ShortSingle(), new ShortDouble() },
    };

    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = s_encoder };

    private static JavaScriptEncoder MakeEncoder()
    {
        TextEncoderSettings settings = new(UnicodeRanges.All);
        for (char character = char.MinValue; character < char.MaxValue; character++)
        {
            if (char.GetUnicodeCategory(character) is UnicodeCategory.Format or UnicodeCategory.Control
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                settings.ForbidCharacter(character);
            }
        }

        return JavaScriptEncoder.Create(settings);
    }

    public static byte[] Bytes<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    /// <summary>Six significant digits: more than the page shows, and a third fewer bytes than exact float32.</summary>
    private sealed class ShortSingle : JsonConverter<float>
    {
        public override float Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetSingle();

        public override void Write(Utf8JsonWriter writer, float value, JsonSerializerOptions options) => WriteShort(writer, value);
    }

    private sealed class ShortDouble : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => WriteShort(writer, value);
    }

    private static void WriteShort(Utf8JsonWriter writer, double value)
    {
        if (!double.IsFinite(value))
        {
            writer.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
            return;
        }

        Span<char> text = stackalloc char[32];
        value.TryFormat(text, out int length, "G6", CultureInfo.InvariantCulture);
        writer.WriteRawValue(text[..length], skipInputValidation: true);
    }
}
