using System.Text.Json.Nodes;
using OpdCode.Protocol;

namespace OpdCode.Models.Decoding;

/// <summary>
/// The shape of a decoder-only model of the Llama family, as Hugging Face's config.json writes it: RMSNorm, rotary
/// positions, grouped-query attention, SwiGLU. Model types llama, mistral, qwen2 and qwen3.
/// </summary>
public sealed record DecoderConfig
{
    /// <summary>llama, mistral, qwen2 or qwen3.</summary>
    public required string ModelType { get; init; }

    /// <summary>Rows of the embedding and of the head; may exceed the tokenizer's vocabulary (padding).</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width inside the SwiGLU block.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Added to the mean square inside RMSNorm.</summary>
    public required double NormEpsilon { get; init; }

    /// <summary>The most positions the model was made for: prompt and response together must fit.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>
    /// The most positions that can be asked for, prompt and response together: <see cref="MaxPositions"/>, or what yarn
    /// stretches the original context to where that is more: files often leave max_position_embeddings at the original.
    /// Not so for dynamic scaling: beyond the original its angles depend on the length of the batch, so what is sampled
    /// with a cache and what is trained would differ.
    /// </summary>
    public int ContextLimit => Rope.Kind == "yarn"
        ? (int)Math.Max(MaxPositions, Math.Min(Rope.Factor * Rope.OriginalMaxPositions, 1 << 30))
        : MaxPositions;

    /// <summary>Base and published scaling of the rotary positions.</summary>
    public required RopeConfig Rope { get; init; }

    /// <summary>The head is the embedding matrix.</summary>
    public bool TieEmbeddings { get; init; }

    /// <summary>Query, key and value projections have biases (qwen2 always).</summary>
    public bool QkvBias { get; init; }

    /// <summary>The output projection of attention has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>The projections of the SwiGLU block have biases.</summary>
    public bool MlpBias { get; init; }

    /// <summary>RMSNorm on every query and key head (qwen3).</summary>
    public bool QkNorm { get; init; }

    /// <summary>Per layer: how many positions back attention reaches, itself included; 0 is all.</summary>
    public required IReadOnlyList<int> Windows { get; init; }

    /// <summary>End-of-text ids that config.json names; often only part of the stop set.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    /// <summary>The file as it was read, so that saving keeps what this class does not model.</summary>
    public required JsonObject Source { get; init; }

    /// <summary>Reads and checks config.json of a model folder.</summary>
    /// <exception cref="OpdException">OPD2101: missing, malformed, an unknown architecture, or a value out of range; all named.</exception>
    public static DecoderConfig Load(string folder)
    {
        string path = Path.Combine(folder, "config.json");
        return DecoderConfigReader.Read(path, ConfigFile.Read(path, ErrorCodes.ModelConfigInvalid));
    }

    /// <summary>Checks the content of a config.json that no folder holds: a shape made up for a measurement.</summary>
    /// <param name="json">Kept as <see cref="Source"/>.</param>
    /// <exception cref="OpdException">OPD2101 as for a file.</exception>
    public static DecoderConfig Parse(JsonObject json) => DecoderConfigReader.Read("config.json", json);

    /// <summary>Number of weights, the tied head counted once.</summary>
    public long ParameterCount
    {
        get
        {
            long d = HiddenSize, q = (long)Heads * HeadSize, kv = (long)KeyValueHeads * HeadSize, f = IntermediateSize;
            long layer = d * (q + 2 * kv) + q * d + 3 * d * f + 2 * d
                + (QkvBias ? q + 2 * kv : 0) + (OutputBias ? d : 0) + (MlpBias ? 2 * f + d : 0) + (QkNorm ? 2 * HeadSize : 0);
            return Layers * layer + VocabularySize * d * (TieEmbeddings ? 1 : 2) + d;
        }
    }
}
