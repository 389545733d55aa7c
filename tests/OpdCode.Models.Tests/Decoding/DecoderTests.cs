using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Tests.Decoding;

public sealed class DecoderTests
{
    private static readonly int[] s_ids = [3, 14, 15, 9, 26, 5, 35, 8, 9, 7, 9, 3, 2, 38, 46];

    public static TheoryData<string, string> Shapes => new()
    {
        { "llama", "{}" }, { "mistral", "{}" }, { "qwen2", "{}" }, { "qwen3", "{}" },
        { "llama", """{"tie_word_embeddings": false, "attention_bias": true, "mlp_bias": true}""" },
        { "qwen3", """{"head_dim": 16, "attention_bias": true, "num_key_value_heads": 1}""" },
        { "llama", """{"num_key_value_heads": 4}""" },
        { "mistral", """{"sliding_window": 5}""" },
        { "qwen2", """{"use_sliding_window": true, "sliding_window": 4, "max_window_layers": 1}""" },
        { "llama", """{"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}}""" },
        { "qwen2", """{"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}}""" },
        { "llama", """{"rope_scaling": {"type": "linear", "factor": 2.0}}""" },
        { "qwen3", """{"rope_scaling": {"type": "yarn", "factor": 4.0, "mscale": 0.7, "mscale_all_dim": 1.0, "attention_factor": 1.1, "truncate": true}}""" },
        { "llama", """{"rope_parameters": {"rope_type": "default", "rope_theta": 500.0}}""" },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Log_probabilities_equal_the_double_precision_twin(string type, string change)
    {
        using Decoder model = TinyModels.Create(type, Changed(change));
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        float[] found = model.Logits(model.Hidden(TinyModels.Ids(s_ids), AttentionPattern.Causal)).log_softmax(-1).data<float>().ToArray();
        double[] expected = DecoderTwin.Of(model).Logprobs(s_ids).SelectMany(row => row).ToArray();
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], 1e-5 * Math.Max(1, Math.Abs(expected[i])));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_cache_changes_nothing(string type, string change)
    {
        using Decoder model = TinyModels.Create(type, Changed(change));
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        torch.Tensor whole = model.Hidden(TinyModels.Ids(s_ids), AttentionPattern.Causal);
        using var cache = new KeyValueCache(model.Config, 4); // grows on the way
        torch.Tensor first = model.Hidden(TinyModels.Ids(s_ids[..6]), AttentionPattern.Causal, cache);
        AssertClose(whole.narrow(1, 0, 6), first);
        for (int t = 6; t < s_ids.Length; t++)
        {
            torch.Tensor next = model.Hidden(
                TinyModels.Ids(s_ids[t]), new AttentionPattern { Positions_BT = torch.tensor(new[] { (long)t }, [1, 1]), PositionLimit = t + 1 }, cache);
            AssertClose(whole.narrow(1, t, 1), next);
        }
    }

    [Fact]
    public void Right_padding_and_neighbours_change_nothing()
    {
        using Decoder model = TinyModels.Create();
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        long[] padded = [.. s_ids.Select(i => (long)i), .. s_ids[..5].Select(i => (long)i), .. Enumerable.Repeat(49L, s_ids.Length - 5)];
        torch.Tensor both = model.Hidden(torch.tensor(padded, [2, s_ids.Length]), AttentionPattern.Causal);
        AssertClose(model.Hidden(TinyModels.Ids(s_ids), AttentionPattern.Causal), both.narrow(0, 0, 1));
        AssertClose(model.Hidden(TinyModels.Ids(s_ids[..5]), AttentionPattern.Causal), both.narrow(0, 1, 1).narrow(1, 0, 5));
    }

    [Fact]
    public void Gradients_land_in_the_flat_buffer_and_equal_finite_differences()
    {
        using Decoder model = TinyModels.Create(dtype: torch.ScalarType.Float64);
        model.Weights.EnableTraining();
        torch.Tensor Loss() => model.Hidden(TinyModels.Ids(s_ids), AttentionPattern.Causal).pow(2).sum() + model.Hidden(TinyModels.Ids(s_ids[..3]), AttentionPattern.Causal).sum();
        using (torch.NewDisposeScope()) Loss().backward();
        double[] gradient = model.Weights.Gradients_P!.data<double>().ToArray();
        long count = model.Weights.Values_P.shape[0];
        var random = new Random(3);
        const double step = 1e-3; // the norm inside is float32 by design, so differences are coarse
        for (int i = 0; i < 20; i++)
        {
            long at = random.NextInt64(count);
            double Moved(double by)
            {
                using var none = torch.no_grad();
                using var scope = torch.NewDisposeScope();
                model.Weights.Values_P.narrow(0, at, 1).add_(by);
                return Loss().ToDouble();
            }
            double up = Moved(step), down = Moved(-2 * step);
            Moved(step);
            double expected = (up - down) / (2 * step);
            Assert.Equal(expected, gradient[at], 0.02 + 0.01 * Math.Abs(expected));
        }
    }

    [Fact]
    public void A_fresh_adapter_changes_nothing_and_a_merged_one_equals_the_unmerged()
    {
        using Decoder model = TinyModels.Create();
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        torch.Tensor plain = model.Hidden(TinyModels.Ids(s_ids), AttentionPattern.Causal);
        const string q = "model.layers.0.self_attn.q_proj", down = "model.layers.1.mlp.down_proj", up = "model.layers.1.mlp.up_proj";
        model.Adapter = new LowRankAdapter([(q, 32, 32), (down, 32, 48), (up, 48, 32)], rank: 4, scale: 2, seed: 1, torch.CPU);
        AssertClose(plain, model.Hidden(TinyModels.Ids(s_ids), AttentionPattern.Causal));

        foreach (string path in new[] { q, down, up }) model.Adapter.Of(path)!.Value.B_OR.normal_(0, 0.2);
        torch.Tensor adapted = model.Hidden(TinyModels.Ids(s_ids), AttentionPattern.Causal);
        Assert.True((adapted - plain).abs().max().ToSingle() > 0.01);
        foreach ((string name, torch.Tensor value) in model.Weights.Named) value.copy_(AdapterMerge.Merged(model, name, value));
        model.Adapter = null;
        AssertClose(adapted, model.Hidden(TinyModels.Ids(s_ids), AttentionPattern.Causal));
    }

    [Fact]
    public void A_forward_pass_keeps_nothing_but_its_result()
    {
        using Decoder model = TinyModels.Create();
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        torch.Tensor ids = TinyModels.Ids(s_ids);
        model.Hidden(ids, AttentionPattern.Causal);
        long Added(int count)
        {
            using Decoder deep = TinyModels.Create(change: json => json["num_hidden_layers"] = JsonNode.Parse($"{count}"));
            long weights = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            deep.Hidden(ids, AttentionPattern.Causal);
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount - weights;
        }
        Assert.Equal(Added(1), Added(6)); // what stays alive does not grow with the layers
    }

    [Fact]
    public void Parameter_count_is_what_the_buffer_holds()
    {
        foreach (string type in TinyModels.Types)
        {
            using Decoder model = TinyModels.Create(type);
            Assert.Equal(model.Weights.Values_P.shape[0], model.Config.ParameterCount);
        }
    }

    [Theory]
    [InlineData("""{"model_type": "gpt2"}""", "'gpt2'")]
    [InlineData("""{"hidden_size": "wide"}""", "hidden_size is \"wide\"")]
    [InlineData("""{"num_key_value_heads": 3}""", "not a multiple")]
    [InlineData("""{"hidden_act": "gelu"}""", "'gelu'")]
    [InlineData("""{"rope_scaling": {"type": "longrope"}}""", "'longrope'")]
    [InlineData("""{"quantization_config": {}}""", "quantization_config")]
    [InlineData("""{"rope_scaling": {"type": "yarn", "factor": 4.0, "mscale": 1.0, "mscale_all_dim": 1.0}}""", "mscale_all_dim")]
    [InlineData("""{"rope_scaling": {"type": "yarn", "factor": 4.0, "truncate": false}}""", "truncate false")]
    [InlineData("""{"vocab_size": -1}""", "vocab_size is -1")]
    public void A_configuration_that_cannot_be_served_is_named(string change, string expected)
    {
        JsonObject json = TinyModels.Json();
        Changed(change)(json);
        OpdException error = Assert.Throws<OpdException>(() => DecoderConfigReader.Read("config.json", json));
        Assert.Equal(ErrorCodes.ModelConfigInvalid, error.Code);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_of_a_configuration_come_at_once()
    {
        OpdException error = Assert.Throws<OpdException>(() => DecoderConfigReader.Read("config.json", new JsonObject { ["model_type"] = "llama" }));
        foreach (string key in new[] { "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size" })
            Assert.Contains(key + " is missing", error.Message, StringComparison.Ordinal);
    }

    private static Action<JsonObject> Changed(string change) => json =>
    {
        foreach ((string key, JsonNode? value) in (JsonObject)JsonNode.Parse(change)!) json[key] = value?.DeepClone();
    };

    private static void AssertClose(torch.Tensor expected, torch.Tensor found) =>
        Assert.True((expected - found).abs().max().ToDouble() < 1e-5, $"differs by {(expected - found).abs().max().ToDouble()}");
}
