using System.Globalization;
using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;

namespace OpdCode.Daemon.Bench;

/// <summary>A model shape as <c>--shape</c> writes it: width, layers, heads, key-value heads, inner width, vocabulary.</summary>
internal sealed record BenchShape(int Width, int Layers, int Heads, int KeyValueHeads, int Inner, int Vocabulary)
{
    /// <summary>The student of the targets.</summary>
    public static BenchShape Student { get; } = new(256, 6, 4, 2, 704, 32_000);

    /// <summary>The teacher of the targets.</summary>
    public static BenchShape Teacher { get; } = new(512, 8, 8, 4, 1408, 32_000);

    /// <summary>Reads six comma-separated whole numbers; null when the text is something else.</summary>
    public static BenchShape? Parse(string text)
    {
        string[] parts = text.Split(',');
        var n = new int[6];
        if (parts.Length != 6) return null;
        for (int i = 0; i < 6; i++)
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out n[i]) || n[i] < 1) return null;
        return n[0] % n[2] != 0 || n[0] / n[2] % 2 != 0 || n[2] % n[3] != 0 ? null : new BenchShape(n[0], n[1], n[2], n[3], n[4], n[5]);
    }

    /// <summary>The shape as a Llama configuration, the head tied to the embedding.</summary>
    public DecoderConfig Config() => DecoderConfig.Parse((JsonObject)JsonNode.Parse(ConfigText(endId: 0))!);

    /// <summary>The same as the text of a config.json.</summary>
    /// <param name="endId">The token that ends a text.</param>
    public string ConfigText(int endId) => $$"""
        {
          "model_type": "llama", "vocab_size": {{Vocabulary}}, "hidden_size": {{Width}}, "intermediate_size": {{Inner}}, "num_hidden_layers": {{Layers}},
          "num_attention_heads": {{Heads}}, "num_key_value_heads": {{KeyValueHeads}}, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
          "rope_theta": 10000.0, "tie_word_embeddings": true, "hidden_act": "silu", "eos_token_id": {{endId}}
        }
        """;

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Width},{Layers},{Heads},{KeyValueHeads},{Inner},{Vocabulary}");
}
