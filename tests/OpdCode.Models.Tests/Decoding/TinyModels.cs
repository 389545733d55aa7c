using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using TorchSharp;

namespace OpdCode.Models.Tests.Decoding;

/// <summary>Small random models of every supported shape.</summary>
internal static class TinyModels
{
    public static JsonObject Json(string type = "llama") => (JsonObject)JsonNode.Parse($$"""
        {
          "model_type": "{{type}}", "vocab_size": 50, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
          "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
          "tie_word_embeddings": true, "hidden_act": "silu"
        }
        """)!;

    public static Decoder Create(string type = "llama", Action<JsonObject>? change = null, torch.ScalarType dtype = torch.ScalarType.Float32)
    {
        TorchRuntime.EnsureLoaded();
        JsonObject json = Json(type);
        change?.Invoke(json);
        var model = new Decoder(DecoderConfigReader.Read("config.json", json), torch.CPU, dtype);
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(5, torch.CPU);
        // Larger than training would start with, so that attention is far from uniform and mistakes show.
        foreach ((string name, torch.Tensor value) in model.Weights.Named)
            if (name.EndsWith("norm.weight", StringComparison.Ordinal)) value.uniform_(0.5, 1.5, generator); else value.normal_(0, 0.25, generator);
        return model;
    }

    public static torch.Tensor Ids(params int[] ids) => torch.tensor(ids.Select(i => (long)i).ToArray(), [1, ids.Length]);

    public static readonly string[] Types = ["llama", "mistral", "qwen2", "qwen3"];
}
