using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using OpdCode.Models.Templates;
using OpdCode.Models.Tokenization;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using OpdCode.Recipes;
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

    // As Hugging Face cuts large models: small enough for file systems and downloads that mind.
    private const long MostShardBytes = 5_000_000_000;

    private readonly ResponseEnds _ends;
    private readonly string _modelFolder; // differs from Folder for an adapter, whose configuration and tokenizer are its base's
    private Dictionary<string, byte[]>? _companions; // what KeepCompanions read
    private bool _stored;

    private LanguageModel(string folder, string modelFolder, Decoder decoder, ModelTokenizer tokenizer, ChatTemplate? template, ResponseEnds ends)
        => (Folder, _modelFolder, Decoder, Tokenizer, Template, _ends) = (folder, modelFolder, decoder, tokenizer, template, ends);

    /// <summary>Where it was loaded from.</summary>
    public string Folder { get; }

    /// <summary>The network.</summary>
    public Decoder Decoder { get; }

    /// <summary>Text to ids and back.</summary>
    public ModelTokenizer Tokenizer { get; }

    /// <summary>How chat messages become text; null for a base model without one.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>
    /// Ids that end a response: the union over generation_config.json, config.json, the tokenizer and the token that the
    /// chat template puts behind an answer.
    /// </summary>
    /// <remarks>
    /// <c>stop_strings</c> of generation_config.json are not used: they are texts for serving that no single token stands
    /// for, and a response cut inside a token could not be scored. The preflight says so where a model has them.
    /// </remarks>
    public IReadOnlySet<int> StopIds => _ends.StopIds;

    /// <summary>The token that a given answer is ended with: one that sampling stops at too.</summary>
    /// <param name="format">
    /// Chat: the template's end of turn, else the tokenizer's end of text. Plain: the other way round. In both cases a
    /// stop id of the configuration where the folder has neither.
    /// </param>
    /// <returns>Null when nothing ends a response.</returns>
    public int? EndId(PromptFormat format) => _ends.EndId(format);

    /// <summary>Ids that can stand in a text: the tokenizer's, bounded by the rows of the head. Rows beyond are padding.</summary>
    public int VocabularySize => Math.Min(Tokenizer.VocabularySize, Decoder.Config.VocabularySize);

    /// <summary>Loads a folder, weights included.</summary>
    /// <param name="folder">
    /// config.json, model.safetensors or its sharded index, tokenizer.json and companions. Or a PEFT adapter
    /// (adapter_config.json): then everything but the adapter comes from the folder that base_model_name_or_path names,
    /// absolute or relative to the adapter's folder or its parent, and <see cref="Decoder.Adapter"/> is set.
    /// </param>
    /// <param name="device">Where it computes.</param>
    /// <param name="type">Type of the weights in memory, whatever the file holds.</param>
    /// <exception cref="OpdException">OPD21xx naming file, tensor, what was expected and what was found.</exception>
    public static LanguageModel Load(string folder, torch.Device device, torch.ScalarType type = torch.ScalarType.Float32)
    {
        LanguageModel model = Shell(folder, AdapterBase.ModelFolder(folder), device, type);
        try
        {
            using (ModelWeights weights = ModelWeights.Open(model._modelFolder)) model.ReadWeights(weights);
            model._stored = true;
            if (!AdapterFiles.IsIn(folder)) return model;
            using LoraAdapter adapter = AdapterFiles.Read(folder);
            model.Decoder.Adapter = LowRankAdapter.Restore(adapter, model.Decoder, folder);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Reads configuration and tokenizer only and starts from random weights.</summary>
    public static LanguageModel FromScratch(string folder, torch.Device device, long seed, torch.ScalarType type = torch.ScalarType.Float32)
    {
        LanguageModel model = Shell(folder, folder, device, type);
        model.Decoder.Initialize(seed);
        return model;
    }

    private static LanguageModel Shell(string folder, string modelFolder, torch.Device device, torch.ScalarType type)
    {
        TorchRuntime.EnsureLoaded();
        DecoderConfig config = DecoderConfig.Load(modelFolder);
        ModelTokenizer tokenizer = ModelTokenizer.Load(modelFolder);
        ChatTemplate? template = ChatTemplate.Load(modelFolder);
        ResponseEnds ends = ResponseEnds.Read(modelFolder, config, tokenizer, template);
        return new LanguageModel(folder, modelFolder, new Decoder(config, device, type), tokenizer, template, ends);
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
                $"{_modelFolder}: {missing.Count} of {Decoder.Weights.Named.Count} tensors that config.json asks for are missing, the first is '{missing[0]}'. "
                + "The weights belong to another configuration, or a shard is missing.");
        }
    }

    /// <summary>Token ids of a chat, ready to be continued by the assistant, or of a plain prompt where there is no template.</summary>
    /// <exception cref="OpdException">OPD2105 when the model has no chat template or it fails on these messages.</exception>
    public int[] EncodeChat(IReadOnlyList<ChatMessage> messages)
    {
        if (Template is null)
        {
            throw new OpdException(ErrorCodes.ChatTemplateInvalid,
                $"{_modelFolder} has no chat template (tokenizer_config.json or chat_template.jinja). Use data.format \"plain\", or add the template that the model was trained with.");
        }
        string text = Template.Render(messages, new ChatTemplateOptions { AddGenerationPrompt = true, BosToken = Tokenizer.BosToken, EosToken = Tokenizer.EosToken });
        return Tokenizer.Encode(text, SpecialTokens.None).Ids;
    }

    /// <summary>Token ids of a text as it is, with the tokenizer's own BOS where it adds one.</summary>
    public int[] EncodePlain(string text) => Tokenizer.Encode(text, SpecialTokens.Add).Ids;

    /// <summary>The text of a response without the special tokens that end it.</summary>
    public string DecodeResponse(ReadOnlySpan<int> ids) => Tokenizer.Decode(ids, SpecialTokens.None);

    /// <summary>
    /// Reads the tokenizer files and their companions now, so that every later <see cref="Save(string, WeightType)"/>
    /// writes those that the model was loaded with, whatever becomes of the folder.
    /// </summary>
    public void KeepCompanions() =>
        _companions = s_companions.Select(name => (Name: name, Path: Path.Combine(_modelFolder, name))).Where(c => File.Exists(c.Path))
            .ToDictionary(c => c.Name, c => File.ReadAllBytes(c.Path), StringComparer.Ordinal);

    /// <summary>
    /// Writes the folder in the same layout: config.json, weights (an adapter merged in, tensor by tensor), tokenizer and
    /// companions. Every file is complete on disk before it gets its name.
    /// </summary>
    /// <param name="folder">Made when it does not exist.</param>
    /// <param name="type">Type of the weights in the file.</param>
    /// <exception cref="OpdException">OPD3003 when the disk is full, read-only or refuses otherwise.</exception>
    public void Save(string folder, WeightType type) => Save(folder, type, MostShardBytes);

    internal void Save(string folder, WeightType type, long maxShardBytes)
    {
        folder = Path.GetFullPath(folder);
        using (var files = new WholeFile())
        {
            foreach ((string name, byte[] content) in _companions ?? []) files.Write(Path.Combine(folder, name), stream => stream.Write(content));
            foreach (string name in _companions is null ? s_companions : [])
            {
                string source = Path.GetFullPath(Path.Combine(_modelFolder, name)), target = Path.Combine(folder, name);
                // The content is copied, not the file: a read-only mark on the source would stop the next save.
                if (File.Exists(source) && source != target) files.Write(target, stream => Copy(source, stream));
            }
            var config = (JsonObject)Decoder.Config.Source.DeepClone();
            config.Remove("torch_dtype");
            config["dtype"] = type switch { WeightType.BFloat16 => "bfloat16", WeightType.Float16 => "float16", _ => "float32" };
            byte[] text = System.Text.Encoding.UTF8.GetBytes(config.ToJsonString(s_indented) + "\n");
            files.Write(Path.Combine(folder, "config.json"), stream => stream.Write(text));
            files.Commit();
        }
        using var none = torch.no_grad();
        (string, torch.Tensor)[] tensors = [.. Decoder.Weights.Named.Select(pair => (pair.Key, pair.Value))];
        SafetensorsWriter.WriteSharded(folder, tensors, type, maxShardBytes, prepare: (name, value) => AdapterMerge.Merged(Decoder, name, value));
    }

    /// <summary>
    /// Writes the adapter alone, in PEFT's layout, float32. base_model_name_or_path is the full path of the folder that
    /// the weights were loaded from.
    /// </summary>
    /// <param name="folder">Made when it does not exist.</param>
    /// <returns>False when nothing was written: there is no adapter, or its base is random weights that no folder holds.</returns>
    /// <exception cref="OpdException">OPD3003 when the disk is full, read-only or refuses otherwise.</exception>
    public bool SaveAdapter(string folder)
    {
        if (Decoder.Adapter is not LowRankAdapter adapter || !_stored) return false;
        var pairs = adapter.Modules.ToDictionary(path => path, path => new LoraPair(adapter.Of(path)!.Value.A_RI, adapter.Of(path)!.Value.B_OR), StringComparer.Ordinal);
        AdapterFiles.Write(folder, adapter.Describe(Decoder, Path.GetFullPath(_modelFolder)), pairs);
        return true;
    }

    private static void Copy(string source, Stream target)
    {
        using FileStream stream = File.OpenRead(source);
        stream.CopyTo(target);
    }

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    /// <inheritdoc />
    public void Dispose() => Decoder.Dispose();
}
