using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpdCode.Distillation.Runs;

/// <summary>Reads and writes <see cref="StepMetrics"/> as one flat object; members that are not numbers are passed over.</summary>
internal sealed class StepMetricsConverter : JsonConverter<StepMetrics>
{
    public override StepMetrics Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("an object was expected");
        }

        int? step = null;
        Dictionary<string, double> values = [];
        foreach (JsonProperty member in document.RootElement.EnumerateObject())
        {
            if (member.NameEquals("step"))
            {
                step = member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt32(out int number)
                    ? number
                    : throw new JsonException($"\"step\" must be a whole number, found {member.Value.GetRawText()}");
            }
            else if (Number(member.Value) is double value)
            {
                values[member.Name] = value;
            }
        }

        return new StepMetrics(step ?? throw new JsonException("\"step\" is missing"), values);
    }

    public override void Write(Utf8JsonWriter writer, StepMetrics value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteNumber("step", value.Step);
        foreach ((string name, double number) in value.Values)
        {
            if (double.IsFinite(number))
            {
                writer.WriteNumber(name, number);
            }
            else
            {
                writer.WriteString(name, double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
            }
        }

        writer.WriteEndObject();
    }

    private static double? Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.String => value.GetString() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            _ => null,
        },
        _ => null,
    };
}
