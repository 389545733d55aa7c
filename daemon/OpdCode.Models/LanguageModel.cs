using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using OpdCode.Models.Templates;
using OpdCode.Models.Tokenization;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models;

/// <summary>A model folder in Hugging Face layout, loaded: decoder, tokenizer, chat template, and where a response ends.</summary>
public sealed class LanguageModel : IDisposable
{
    // What a tokenizer and generation are made of; copied as they are when a checkpoint is written.
    private static readonly string[] s_companions =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
        "generation_config.json", "vocab.json", "merges.txt", "tokenizer.model",
    ];

    private LanguageModel(string folder, Decoder decoder, ModelTokenizer tokenizer, ChatTemplate? template, IReadOnlySet<int> stopIds)
        => (Folder, Decoder, Tokenizer, Template, StopIds) = (folder, decoder, tokenizer, template, stopIds);

    /// <summary>Where it was loaded from.</summary>
    public string Folder { get; }

    /// <summary>The network.</summary>
    public Decoder Decoder { get; }

    /// <summary>Text to ids and back.</summary>
    public ModelTokenizer Tokenizer { get; }

    /// <summary>How chat messages become text; null for a base model without one.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>Ids that end a response: the union over generation_config.json, config.json and the tokenizer.</summary>
    public IReadOnlySet<int> StopIds { get; }

    /// <summary>Ids that can stand in a text: the tokenizer's, bounded by the rows of the head. Rows beyond are padding.</summary>
    public int VocabularySize => Math.Min(Tokenizer.VocabularySize, Decoder.Config.VocabularySize);

    /// <summary>Loads a folder, weights included.</summary>
    /// <param name="folder">config.json, model.safetensors or its sharded index, tokenizer.json and companions.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="type">Type of the weights in memory, whatever the file holds.</param>
    /// <exception cref="OpdException">OPD21xx naming file, tensor, what was expected and what was found.</exception>
    public static LanguageModel Load(string folder, torch.Device device, torch.ScalarType type = torch.ScalarType.Float32)
    {
        LanguageModel model = Shell(folder, device, type);
        try
        {
            using ModelWeights weights = ModelWeights.Open(folder);
            model.ReadWeights(weights);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Reads configuration and tokenizer only and starts from random weights.</summary>
    public static LanguageModel FromScratch(string folder, torch.Device device, long seed)
    {
        LanguageModel model = Shell(folder, device, torch.float32);
        model.Decoder.Initialize(seed);
        return model;
    }

    private static LanguageModel Shell(string folder, torch.Device device, torch.ScalarType type)
    {
        TorchRuntime.EnsureLoaded();
        DecoderConfig config = DecoderConfig.Load(folder);
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);
        ChatTemplate? template = ChatTemplate.Load(folder);
        return new LanguageModel(folder, new Decoder(config, device, type), tokenizer, template, StopSet(folder, config, tokenizer));
    }

    private void ReadWeights(ModelWeights weights)
    {
        var missing = new List<string>();
        using var scope = torch.NewDisposeScope();
        foreach ((string name, torch.Tensor value) in Decoder.Weights.Named)
        {
            // Files of the bare transformer lack the "model." prefix; tied models may leave the head out.
            string? stored = weights.Contains(name) ? name
                : name.StartsWith("model.", StringComparison.Ordinal) && weights.Contains(name[6..]) ? name[6..] : null;
            if (stored is null) missing.Add(name);
            else weights.CopyTo(stored, value);
        }
        if (missing.Count > 0)
        {
            throw new OpdException(ErrorCodes.TensorMismatch,
                $"{Folder}: {missing.Count} of {Decoder.Weights.Named.Count} tensors that config.json asks for are missing, the first is '{missing[0]}'. "
                + "The weights belong to another configuration, or a shard is missing.");
        }
    }

    internal static HashSet<int> StopSet(string folder, DecoderConfig config, ModelTokenizer tokenizer)
    {
        JsonObject? generation = ConfigFile.ReadOptional(Path.Combine(folder, "generation_config.json"), ErrorCodes.ModelConfigInvalid);
        var stops = new HashSet<int>(DecoderConfigReader.Ids(generation?["eos_token_id"]));
        stops.UnionWith(config.EosIds);
        if (tokenizer.EosId is int eos) stops.Add(eos);
        stops.RemoveWhere(id => id >= config.VocabularySize);
        return stops;
    }

    /// <summary>Token ids of a chat, ready to be continued by the assistant, or of a plain prompt where there is no template.</summary>
    /// <exception cref="OpdException">OPD2105 when the model has no chat template or it fails on these messages.</exception>
    public int[] EncodeChat(IReadOnlyList<ChatMessage> messages)
    {
        if (Template is null)
        {
            throw new OpdException(ErrorCodes.ChatTemplateInvalid,
                $"{Folder} has no chat template (tokenizer_config.json or chat_template.jinja). Use data.format \"plain\", or add the template that the model was trained with.");
        }
        string text = Template.Render(messages, new ChatTemplateOptions { AddGenerationPrompt = true, BosToken = Tokenizer.BosToken, EosToken = Tokenizer.EosToken });
        return Tokenizer.Encode(text, SpecialTokens.None).Ids;
    }

    /// <summary>Token ids of a text as it is, with the tokenizer's own BOS where it adds one.</summary>
    public int[] EncodePlain(string text) => Tokenizer.Encode(text, SpecialTokens.Add).Ids;

    /// <summary>The text of a response without the special tokens that end it.</summary>
    public string DecodeResponse(ReadOnlySpan<int> ids) => Tokenizer.Decode(ids, SpecialTokens.None);

    /// <summary>
    /// Writes the folder in the same layout: config.json, weights (an adapter merged in), tokenizer and companions. The
    /// weights are complete on disk before they get their name.
    /// </summary>
    /// <param name="folder">Made when it does not exist.</param>
    /// <param name="type">Type of the weights in the file.</param>
    public void Save(string folder, WeightType type)
    {
        Directory.CreateDirectory(folder);
        foreach (string name in s_companions)
        {
            string source = Path.Combine(Folder, name), target = Path.Combine(folder, name);
            if (File.Exists(source) && Path.GetFullPath(source) != Path.GetFullPath(target)) File.Copy(source, target, overwrite: true);
        }
        var config = (JsonObject)Decoder.Config.Source.DeepClone();
        config.Remove("torch_dtype");
        config["dtype"] = type switch { WeightType.BFloat16 => "bfloat16", WeightType.Float16 => "float16", _ => "float32" };
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString(s_indented) + "\n");

        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var tensors = Decoder.Weights.Named.Select(pair => (pair.Key, AdapterMerge.Merged(Decoder, pair.Key, pair.Value))).ToList();
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors, type);
    }

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    /// <inheritdoc />
    public void Dispose() => Decoder.Dispose();
}
