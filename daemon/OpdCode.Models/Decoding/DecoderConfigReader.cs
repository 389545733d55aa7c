using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Protocol;

namespace OpdCode.Models.Decoding;

/// <summary>config.json → <see cref="DecoderConfig"/>: collects every problem of the file before it throws.</summary>
internal sealed class DecoderConfigReader
{
    private readonly string _path;
    private readonly JsonObject _json;
    private readonly List<string> _problems = [];

    private DecoderConfigReader(string path, JsonObject json) => (_path, _json) = (path, json);

    public static DecoderConfig Read(string path, JsonObject json) => new DecoderConfigReader(path, json).Read();

    private DecoderConfig Read()
    {
        string type = Text(_json, "model_type") ?? "";
        if (type is not ("llama" or "mistral" or "qwen2" or "qwen3"))
        {
            throw new OpdException(ErrorCodes.ModelConfigInvalid,
                $"{_path}: model_type is {(type.Length == 0 ? "missing" : $"'{Short(type)}'")}; supported are llama, mistral, qwen2 and qwen3.");
        }
        int hidden = Integer("hidden_size", 1, 1 << 20), heads = Integer("num_attention_heads", 1, 1 << 14);
        int layers = Integer("num_hidden_layers", 1, 4096);
        int headSize = Integer("head_dim", 1, 1 << 14, heads > 0 ? hidden / heads : 0);
        int keyValueHeads = Integer("num_key_value_heads", 1, 1 << 14, heads);
        if (keyValueHeads > 0 && heads % keyValueHeads != 0) _problems.Add($"num_attention_heads {heads} is not a multiple of num_key_value_heads {keyValueHeads}");
        if (headSize % 2 != 0) _problems.Add($"head_dim {headSize} is odd; rotary positions need pairs");
        string activation = Text(_json, "hidden_act") ?? "silu";
        if (activation is not ("silu" or "swish")) _problems.Add($"hidden_act is '{Short(activation)}'; supported is silu");
        if (_json["quantization_config"] is not null) _problems.Add("quantization_config is set; quantised weights cannot be trained or read: use the unquantised model");
        bool attentionBias = Flag("attention_bias", false);
        int positions = Integer("max_position_embeddings", 1, 1 << 30, 2048);

        var config = new DecoderConfig
        {
            ModelType = type,
            VocabularySize = Integer("vocab_size", 1, 1 << 24),
            HiddenSize = hidden,
            IntermediateSize = Integer("intermediate_size", 1, 1 << 22),
            Layers = layers,
            Heads = heads,
            KeyValueHeads = keyValueHeads,
            HeadSize = headSize,
            NormEpsilon = Number(_json, "rms_norm_eps", 1e-6),
            MaxPositions = positions,
            Rope = Rope(positions),
            TieEmbeddings = Flag("tie_word_embeddings", false),
            QkvBias = type == "qwen2" ? true : attentionBias,
            OutputBias = type is "llama" or "qwen3" && attentionBias,
            MlpBias = type == "llama" && Flag("mlp_bias", false),
            QkNorm = type == "qwen3",
            Windows = Windows(type, layers),
            EosIds = Ids(_json["eos_token_id"]),
            Source = _json,
        };
        if (_problems.Count > 0)
            throw new OpdException(ErrorCodes.ModelConfigInvalid, $"{_path}: {string.Join("; ", _problems)}.");
        return config;
    }

    private int[] Windows(string type, int layers)
    {
        var windows = new int[Math.Clamp(layers, 0, 4096)];
        bool used = type switch { "mistral" => true, "llama" => false, _ => Flag("use_sliding_window", false) };
        if (!used || _json["sliding_window"] is null) return windows;
        int window = Integer("sliding_window", 1, int.MaxValue);
        if (_json["layer_types"] is JsonArray types && types.Count == windows.Length)
        {
            for (int i = 0; i < windows.Length; i++)
                windows[i] = types[i]?.GetValueKind() == JsonValueKind.String && types[i]!.GetValue<string>() == "sliding_attention" ? window : 0;
            return windows;
        }
        // Qwen counts from the top: layers below max_window_layers attend to everything.
        int first = type == "mistral" ? 0 : Integer("max_window_layers", 0, int.MaxValue, 28);
        for (int i = first; i < windows.Length; i++) windows[i] = window;
        return windows;
    }

    private RopeConfig Rope(int positions)
    {
        // transformers 5 writes rope_parameters; earlier versions rope_theta and rope_scaling.
        JsonObject? scaling = (_json["rope_parameters"] ?? _json["rope_scaling"]) as JsonObject;
        double theta = Number(scaling, "rope_theta", Number(_json, "rope_theta", 10000));
        if (!(theta > 0)) _problems.Add($"rope_theta {theta.ToString(CultureInfo.InvariantCulture)} must be positive");
        string kind = Text(scaling, "rope_type") ?? Text(scaling, "type") ?? "default";
        if (kind is not ("default" or "linear" or "dynamic" or "llama3" or "yarn"))
            _problems.Add($"rope scaling '{Short(kind)}' is not supported (default, linear, dynamic, llama3, yarn)");
        double factor = Number(scaling, "factor", 1);
        if (!(factor >= 1)) _problems.Add($"rope scaling factor {factor.ToString(CultureInfo.InvariantCulture)} must be at least 1");
        if (kind == "yarn") CheckYarn(scaling!, factor);
        return new RopeConfig
        {
            Theta = theta,
            Kind = kind,
            Factor = factor,
            OriginalMaxPositions = (int)Math.Clamp(Number(scaling, "original_max_position_embeddings", positions), 1, 1 << 30),
            LowFrequencyFactor = Number(scaling, "low_freq_factor", 1),
            HighFrequencyFactor = Number(scaling, "high_freq_factor", 4),
            BetaFast = Number(scaling, "beta_fast", 32),
            BetaSlow = Number(scaling, "beta_slow", 1),
            AttentionFactor = scaling?["attention_factor"] is null ? null : Number(scaling, "attention_factor", 1),
        };
    }

    // Variants of YaRN that give other frequencies or another factor on cosine and sine than the paper's.
    private void CheckYarn(JsonObject scaling, double factor)
    {
        // Hugging Face uses the pair only where both are there and no attention_factor overrides it.
        if (Number(scaling, "mscale", 0) != 0 && Number(scaling, "mscale_all_dim", 0) != 0 && scaling["attention_factor"] is null && factor > 1)
            _problems.Add($"yarn with mscale {Short(scaling["mscale"]!.ToJsonString())} and mscale_all_dim {Short(scaling["mscale_all_dim"]!.ToJsonString())} is not supported; "
                + "write their quotient as attention_factor, or use a model without them");
        if (scaling["truncate"] is JsonNode truncate && truncate.GetValueKind() != JsonValueKind.True)
            _problems.Add($"yarn with truncate {Short(truncate.ToJsonString())} is not supported; the ramp's ends are whole dimensions");
    }

    private int Integer(string key, int least, int most, int? fallback = null)
    {
        JsonNode? node = _json[key];
        if (node is null)
        {
            if (fallback is int value) return value;
            _problems.Add($"{key} is missing");
            return least;
        }
        if (node is JsonValue number && number.TryGetValue(out double found) && found == Math.Floor(found) && found >= least && found <= most)
            return (int)found;
        _problems.Add($"{key} is {Short(node.ToJsonString())}; expected a whole number from {least} to {most}");
        return least;
    }

    private bool Flag(string key, bool fallback)
    {
        JsonNode? node = _json[key];
        if (node is null) return fallback;
        if (node.GetValueKind() is JsonValueKind.True or JsonValueKind.False) return node.GetValue<bool>();
        _problems.Add($"{key} is {Short(node.ToJsonString())}; expected true or false");
        return fallback;
    }

    private double Number(JsonObject? json, string key, double fallback)
    {
        JsonNode? node = json?[key];
        if (node is null) return fallback;
        if (node is JsonValue value && value.TryGetValue(out double found) && double.IsFinite(found)) return found;
        _problems.Add($"{key} is {Short(node.ToJsonString())}; expected a number");
        return fallback;
    }

    private static string? Text(JsonObject? json, string key) =>
        json?[key] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>A token id or a list of them, as eos_token_id is written.</summary>
    internal static int[] Ids(JsonNode? node) => node switch
    {
        JsonArray list => list.SelectMany(Ids).ToArray(),
        JsonValue value when value.TryGetValue(out int id) && id >= 0 => [id],
        _ => [],
    };

    private static string Short(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
