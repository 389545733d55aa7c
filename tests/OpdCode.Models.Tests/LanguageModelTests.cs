using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using OpdCode.Models.Tests.Decoding;
using OpdCode.Models.Tests.Tokenization;
using OpdCode.Models.Tests.Weights;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Models.Tests;

public sealed class LanguageModelTests : IDisposable
{
    private const int End = 257; // <|end|>: the fixture's eos_token and the end of its chat template's turns
    private const int Other = 65;

    private readonly ScratchFolder _scratch = new();

    public LanguageModelTests() => TorchRuntime.EnsureLoaded();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_end_of_turn_of_the_chat_template_ends_responses_though_no_file_names_it()
    {
        string folder = Write("m");
        Edit(folder, "tokenizer_config.json", json => json.Remove("eos_token"));
        Edit(folder, "config.json", json => json["eos_token_id"] = Other);
        using LanguageModel model = LanguageModel.Load(folder, torch.CPU);
        Assert.Equal([Other, End], model.StopIds.Order());
        Assert.Equal(End, model.EndId(PromptFormat.Chat));
    }

    [Fact]
    public void A_given_answer_ends_with_the_turn_in_a_chat_and_with_the_text_elsewhere()
    {
        string folder = Write("m");
        Edit(folder, "tokenizer_config.json", json => json["eos_token"] = "<|pad|>");
        using LanguageModel model = LanguageModel.Load(folder, torch.CPU);
        Assert.Equal(End, model.EndId(PromptFormat.Chat));
        Assert.Equal(model.Tokenizer.PadId, model.EndId(PromptFormat.Plain));
    }

    [Theory]
    [InlineData("""{"eos_token_id": [70, 66]}""", 66)]
    [InlineData("{}", null)]
    public void Without_template_and_eos_a_stop_id_ends_an_answer_or_nothing_does(string generation, int? expected)
    {
        string folder = Write("m");
        Edit(folder, "tokenizer_config.json", json =>
        {
            json.Remove("eos_token");
            json.Remove("chat_template");
        });
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), generation);
        using LanguageModel model = LanguageModel.Load(folder, torch.CPU);
        Assert.Equal(expected, model.EndId(PromptFormat.Plain));
        Assert.Equal(expected, model.EndId(PromptFormat.Chat));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    public void A_key_that_is_there_twice_is_named_with_its_file(string file)
    {
        string folder = Write("m");
        string path = Path.Combine(folder, file), text = File.Exists(path) ? File.ReadAllText(path) : "{}";
        File.WriteAllText(path, text.TrimEnd()[..^1].TrimEnd() + (text.Length > 2 ? "," : "") + """ "twice": 1, "twice": 2}""");
        OpdException error = Assert.Throws<OpdException>(() => LanguageModel.Load(folder, torch.CPU));
        Assert.Equal(ErrorCodes.ModelConfigInvalid, error.Code);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("q_proj", "down_proj")]
    [InlineData("model.layers.1.self_attn.v_proj", "up_proj")]
    public void An_adapter_that_was_saved_loads_with_the_same_logits_and_so_does_the_merged_model(params string[] targets)
    {
        using LanguageModel model = LanguageModel.Load(Write("base"), torch.CPU);
        Adapt(model, targets);
        float[] expected = Logits(model);
        Assert.True(model.SaveAdapter(_scratch.At("adapter")));
        model.Save(_scratch.At("merged"), WeightType.Float32);

        Assert.Equal(targets, AdapterFiles.ReadConfig(_scratch.At("adapter")).TargetModules!.OrderBy(t => Array.IndexOf(targets, t)));
        using LanguageModel adapted = LanguageModel.Load(_scratch.At("adapter"), torch.CPU), merged = LanguageModel.Load(_scratch.At("merged"), torch.CPU);
        Close(expected, Logits(adapted), 1e-6);
        Close(expected, Logits(merged), 1e-5);
        Assert.Equal(_scratch.At("adapter"), adapted.Folder);
        Assert.Null(merged.Decoder.Adapter);
        adapted.Save(_scratch.At("again"), WeightType.Float32);
        using LanguageModel again = LanguageModel.Load(_scratch.At("again"), torch.CPU);
        Close(expected, Logits(again), 1e-5);
        Assert.Equal(adapted.StopIds, again.StopIds);
    }

    [Theory]
    [InlineData("base")] // beside the adapter's folder
    [InlineData("../base")] // from the adapter's folder
    public void A_base_is_found_relative_to_the_adapter_or_beside_it(string name)
    {
        float[] expected = SaveAdapter();
        Edit(_scratch.At("adapter"), "adapter_config.json", json => json["base_model_name_or_path"] = name);
        using LanguageModel model = LanguageModel.Load(_scratch.At("adapter"), torch.CPU);
        Close(expected, Logits(model), 1e-6);
    }

    [Theory]
    [InlineData("Some/Model-1B", "'Some/Model-1B'")]
    [InlineData(null, "does not say which model")]
    public void A_base_that_is_not_here_is_named_with_what_to_do(string? name, string expected)
    {
        SaveAdapter();
        Edit(_scratch.At("adapter"), "adapter_config.json", json => json["base_model_name_or_path"] = name);
        OpdException error = Assert.Throws<OpdException>(() => LanguageModel.Load(_scratch.At("adapter"), torch.CPU));
        Assert.Equal(ErrorCodes.AdapterInvalid, error.Code);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("base_model_name_or_path", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hidden_size", 64, "lora_A [4, 32]", "expected [4, 64]")]
    [InlineData("num_hidden_layers", 1, "model.layers.1.self_attn.q_proj", "no linear layer")]
    public void An_adapter_of_another_model_names_the_module_and_both_shapes(string key, int value, string found, string expected)
    {
        SaveAdapter();
        Write("wide", json => json[key] = value);
        Edit(_scratch.At("adapter"), "adapter_config.json", json => json["base_model_name_or_path"] = _scratch.At("wide"));
        OpdException error = Assert.Throws<OpdException>(() => LanguageModel.Load(_scratch.At("adapter"), torch.CPU));
        Assert.Equal(ErrorCodes.AdapterInvalid, error.Code);
        Assert.Contains(found, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_adapter_or_a_stored_base_no_adapter_is_written()
    {
        using LanguageModel stored = LanguageModel.Load(Write("m"), torch.CPU), random = LanguageModel.FromScratch(_scratch.At("m"), torch.CPU, 1);
        Adapt(random, "q_proj");
        Assert.False(stored.SaveAdapter(_scratch.At("adapter")));
        Assert.False(random.SaveAdapter(_scratch.At("adapter")));
        Assert.False(Directory.Exists(_scratch.At("adapter")));
    }

    [Fact]
    public void A_save_copies_contents_without_the_mark_that_forbids_writing()
    {
        string folder = Write("m"), copied = _scratch.At("copy/tokenizer.json");
        File.SetAttributes(Path.Combine(folder, "tokenizer.json"), FileAttributes.ReadOnly);
        using (LanguageModel model = LanguageModel.Load(folder, torch.CPU))
        {
            model.Save(_scratch.At("copy"), WeightType.Float32);
            model.Save(_scratch.At("copy"), WeightType.Float32);
        }
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")), File.ReadAllBytes(copied));
        Assert.False(File.GetAttributes(copied).HasFlag(FileAttributes.ReadOnly));
        File.SetAttributes(Path.Combine(folder, "tokenizer.json"), FileAttributes.Normal); // so that the folder can be removed
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named_with_the_words_of_the_system()
    {
        using LanguageModel model = LanguageModel.Load(Write("m"), torch.CPU);
        string taken = _scratch.Text("file", "in the way");
        OpdException error = Assert.Throws<OpdException>(() => model.Save(taken, WeightType.Float32));
        Assert.Equal(ErrorCodes.RunFolder, error.Code);
        Assert.Contains(taken, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_large_model_is_saved_in_several_files_merged_tensor_by_tensor()
    {
        using LanguageModel model = LanguageModel.Load(Write("m"), torch.CPU);
        Adapt(model, "q_proj", "o_proj");
        model.Save(_scratch.At("cut"), WeightType.Float32, maxShardBytes: 20_000);
        Assert.True(File.Exists(_scratch.At("cut/model.safetensors.index.json")));
        using LanguageModel loaded = LanguageModel.Load(_scratch.At("cut"), torch.CPU);
        Close(Logits(model), Logits(loaded), 1e-5);
    }

    private float[] SaveAdapter()
    {
        using LanguageModel model = LanguageModel.Load(Write("base"), torch.CPU);
        Adapt(model, "q_proj");
        model.SaveAdapter(_scratch.At("adapter"));
        return Logits(model);
    }

    private static void Adapt(LanguageModel model, params string[] targets)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var modules = model.Decoder.Weights.Named.Where(p => targets.Any(t => p.Key.EndsWith(t + ".weight", StringComparison.Ordinal)))
            .Select(p => (p.Key[..^".weight".Length], p.Value.shape[0], p.Value.shape[1])).ToArray();
        model.Decoder.Adapter = new LowRankAdapter(modules, rank: 4, scale: 1.7, seed: 3, torch.CPU);
        using var generator = new torch.Generator(9, torch.CPU);
        model.Decoder.Adapter.Parameters.Values_P.normal_(0, 0.3, generator);
    }

    private static float[] Logits(LanguageModel model)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        return model.Decoder.Logits(model.Decoder.Hidden(TinyModels.Ids(3, 14, 15, 92, 65, 35), AttentionPattern.Causal)).data<float>().ToArray();
    }

    private static void Close(float[] expected, float[] found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], tolerance * Math.Max(1, Math.Abs(expected[i])));
    }

    private string Write(string name, Action<JsonObject>? change = null)
    {
        string folder = _scratch.At(name);
        Directory.CreateDirectory(folder);
        foreach (string file in new[] { "tokenizer.json", "tokenizer_config.json" })
            File.Copy(Path.Combine(TokenizerFixtures.Tokenizer("bytes"), file), Path.Combine(folder, file));
        JsonObject config = TinyModels.Json();
        config["vocab_size"] = 262;
        change?.Invoke(config);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        using LanguageModel model = LanguageModel.FromScratch(folder, torch.CPU, 5);
        using (torch.no_grad()) model.Decoder.Weights.Values_P.narrow(0, 0, model.Decoder.Weights.DecayedCount).mul_(8);
        model.Save(folder, WeightType.Float32);
        return folder;
    }

    private static void Edit(string folder, string file, Action<JsonObject> change)
    {
        string path = Path.Combine(folder, file);
        JsonObject json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(json);
        File.WriteAllText(path, json.ToJsonString());
    }
}
