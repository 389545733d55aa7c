using System.Text.Json;
using OpdCode.Protocol;

namespace OpdCode.Models.Weights;

/// <summary>adapter_config.json, both ways, with the names and defaults of PEFT's LoraConfig.</summary>
internal static class AdapterConfigJson
{
    // These say where an adapter came from or how training began; the trained adapter's maths is the same.
    private static readonly HashSet<string> s_harmless = new(StringComparer.Ordinal)
    {
        "auto_mapping", "revision", "inference_mode", "task_type", "peft_version", "megatron_core", "qalora_group_size",
        "runtime_config", "eva_config", "corda_config", "loftq_config", "lora_ga_config", "layers_pattern", "ensure_weight_tying",
    };

    // Initializations that leave the base weights as they are; the others (pissa, olora, corda, loftq, ...) change them.
    private static readonly HashSet<string> s_initializations = new(StringComparer.Ordinal) { "gaussian", "eva", "orthogonal" };

    internal static AdapterConfig Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw new JsonException("an object is expected");
            return Read(document.RootElement);
        }
        catch (JsonException failure)
        {
            throw new OpdException(ErrorCodes.AdapterInvalid, $"adapter_config.json is not valid: {failure.Message}", failure);
        }
    }

    internal static void Write(AdapterConfig config, Stream stream)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        WriteText(json, "base_model_name_or_path", config.BaseModel);
        json.WriteString("bias", "none");
        json.WriteBoolean("fan_in_fan_out", false);
        json.WriteBoolean("inference_mode", true);
        json.WriteBoolean("init_lora_weights", true);
        json.WriteNull("layers_to_transform");
        WriteNumber(json, "lora_alpha", config.Alpha);
        WriteNumber(json, "lora_dropout", config.Dropout);
        json.WriteNull("modules_to_save");
        json.WriteString("peft_type", "LORA");
        json.WriteNumber("r", config.Rank);
        json.WriteStartObject("rank_pattern");
        json.WriteEndObject();
        json.WriteStartObject("alpha_pattern");
        json.WriteEndObject();
        json.WritePropertyName("target_modules");
        if (config.TargetModules is null)
        {
            json.WriteStringValue(config.TargetPattern);
        }
        else
        {
            json.WriteStartArray();
            foreach (string target in config.TargetModules) json.WriteStringValue(target);
            json.WriteEndArray();
        }
        json.WriteString("task_type", "CAUSAL_LM");
        json.WriteBoolean("use_dora", false);
        json.WriteBoolean("use_rslora", config.UseRankStabilizedScale);
        json.WriteEndObject();
    }

    internal static OpdException Refuse(string option, string value, string why) =>
        new(ErrorCodes.AdapterInvalid, $"adapter_config.json: {option} is {(value.Length <= 200 ? value : value[..197] + "...")}; {why}.");

    private static AdapterConfig Read(JsonElement root)
    {
        string? peftType = null, baseModel = null, pattern = null;
        int rank = 8;     // PEFT's defaults, for files that leave them out
        double alpha = 8, dropout = 0;
        bool rankStabilized = false;
        string[]? targets = null;
        foreach (JsonProperty option in root.EnumerateObject())
        {
            JsonElement value = option.Value;
            switch (option.Name)
            {
                case "peft_type": peftType = Text(option); break;
                case "base_model_name_or_path": baseModel = value.ValueKind == JsonValueKind.Null ? null : Text(option); break;
                case "r": rank = value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int r) ? r : throw Wrong(option, "a whole number"); break;
                case "lora_alpha": alpha = Number(option); break;
                case "lora_dropout": dropout = Number(option); break;
                case "use_rslora": rankStabilized = value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(option, "true or false"); break;
                case "target_modules": (targets, pattern) = Targets(option); break;
                case "bias" when value.ValueKind == JsonValueKind.String && value.GetString() == "none": break;
                case "init_lora_weights" when value.ValueKind is JsonValueKind.True || (value.ValueKind == JsonValueKind.String && s_initializations.Contains(value.GetString()!)): break;
                default:
                    if (!s_harmless.Contains(option.Name) && !IsOff(value))
                        throw Refuse(option.Name, value.GetRawText(), "OpdCode does not support this option, and ignoring it would change the results. Use an adapter without it, or merge the adapter into its model first");
                    break;
            }
        }
        if (peftType != "LORA") throw Refuse("peft_type", peftType ?? "not set", "only LORA adapters are supported");
        return new AdapterConfig
        {
            Rank = rank, Alpha = alpha, Dropout = dropout, UseRankStabilizedScale = rankStabilized,
            TargetModules = targets, TargetPattern = pattern, BaseModel = baseModel,
        };
    }

    /// <summary>Not set, false, or an empty text, list or object: what PEFT writes for an option that is not used.</summary>
    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => value.GetString() == "",
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        _ => false,
    };

    private static (string[]? List, string? Pattern) Targets(JsonProperty option)
    {
        if (option.Value.ValueKind == JsonValueKind.String) return (null, Text(option));
        if (option.Value.ValueKind != JsonValueKind.Array || option.Value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            throw Wrong(option, "a list of module names or a regular expression");
        return ([.. option.Value.EnumerateArray().Select(item => item.GetString()!)], null);
    }

    private static string Text(JsonProperty option) =>
        option.Value.ValueKind == JsonValueKind.String ? option.Value.GetString()! : throw Wrong(option, "a text");

    private static double Number(JsonProperty option) =>
        option.Value.ValueKind == JsonValueKind.Number && option.Value.TryGetDouble(out double number) ? number : throw Wrong(option, "a number");

    private static OpdException Wrong(JsonProperty option, string expected) => Refuse(option.Name, option.Value.GetRawText(), expected + " is expected");

    private static void WriteText(Utf8JsonWriter json, string key, string? text)
    {
        if (text is null) json.WriteNull(key);
        else json.WriteString(key, text);
    }

    /// <summary>Whole numbers without a point, as PEFT types lora_alpha.</summary>
    private static void WriteNumber(Utf8JsonWriter json, string key, double number)
    {
        if (number == Math.Truncate(number) && Math.Abs(number) < 1e15) json.WriteNumber(key, (long)number);
        else json.WriteNumber(key, number);
    }
}
