using System.Text;
using OpdCode.Models.Weights;
using OpdCode.Protocol;

namespace OpdCode.Models.Tests.Weights;

public sealed class AdapterConfigTests
{
    // As PEFT 0.17 writes it.
    private const string FromPeft =
        """
        {
          "alpha_pattern": {}, "auto_mapping": null, "base_model_name_or_path": "Qwen/Qwen3-0.6B", "bias": "none", "corda_config": null,
          "eva_config": null, "exclude_modules": null, "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true,
          "layer_replication": null, "layers_pattern": null, "layers_to_transform": null, "loftq_config": {}, "lora_alpha": 32,
          "lora_bias": false, "lora_dropout": 0.05, "megatron_config": null, "megatron_core": "megatron.core", "modules_to_save": null,
          "peft_type": "LORA", "qalora_group_size": 16, "r": 16, "rank_pattern": {}, "revision": null, "target_modules": ["v_proj", "q_proj"],
          "target_parameters": null, "task_type": "CAUSAL_LM", "trainable_token_indices": null, "use_dora": false, "use_qalora": false, "use_rslora": false
        }
        """;

    [Fact]
    public void A_configuration_from_peft_is_read_and_written_back()
    {
        AdapterConfig config = Parse(FromPeft);
        Assert.Equal((16, 32.0, 0.05, false, "Qwen/Qwen3-0.6B"), (config.Rank, config.Alpha, config.Dropout, config.UseRankStabilizedScale, config.BaseModel));
        Assert.Equal(["v_proj", "q_proj"], config.TargetModules);
        using var stream = new MemoryStream();
        config.Write(stream);
        AdapterConfig again = AdapterConfig.Parse(stream.ToArray());
        Assert.Equal(config with { TargetModules = null }, again with { TargetModules = null });
        Assert.Equal(config.TargetModules, again.TargetModules);
        Assert.Contains("\"lora_alpha\": 32,", Encoding.UTF8.GetString(stream.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_scale_is_alpha_over_rank_or_over_its_root()
    {
        Assert.Equal(2.0, Parse(FromPeft).Scale);
        Assert.Equal(8.0, Parse(FromPeft.Replace("\"use_rslora\": false", "\"use_rslora\": true", StringComparison.Ordinal)).Scale);
    }

    [Theory]
    [InlineData("use_dora", "true")]
    [InlineData("fan_in_fan_out", "true")]
    [InlineData("bias", "\"all\"")]
    [InlineData("bias", "\"lora_only\"")]
    [InlineData("modules_to_save", "[\"lm_head\"]")]
    [InlineData("rank_pattern", "{\"q_proj\":4}")]
    [InlineData("alpha_pattern", "{\"q_proj\":4}")]
    [InlineData("layers_to_transform", "[1]")]
    [InlineData("layers_to_transform", "0")]
    [InlineData("layer_replication", "[[0,4]]")]
    [InlineData("lora_bias", "true")]
    [InlineData("exclude_modules", "[\"q_proj\"]")]
    [InlineData("target_parameters", "[\"x\"]")]
    [InlineData("trainable_token_indices", "[1]")]
    [InlineData("init_lora_weights", "\"pissa\"")]
    [InlineData("init_lora_weights", "\"olora\"")]
    [InlineData("an_option_of_tomorrow", "true")]
    [InlineData("peft_type", "\"IA3\"")]
    [InlineData("r", "0")]
    [InlineData("r", "-4")]
    [InlineData("r", "1.5")]
    [InlineData("r", "\"8\"")]
    [InlineData("lora_alpha", "null")]
    [InlineData("lora_alpha", "1e999")]
    [InlineData("lora_dropout", "1")]
    [InlineData("target_modules", "[]")]
    [InlineData("target_modules", "[1]")]
    [InlineData("target_modules", "\"\"")]
    [InlineData("target_modules", "\"(\"")]
    public void An_option_that_is_wrong_or_not_supported_is_named(string option, string value)
    {
        OpdException error = Assert.Throws<OpdException>(() => Parse(With(option, value)));
        Assert.Equal(ErrorCodes.AdapterInvalid, error.Code);
        Assert.Contains(option, error.Message, StringComparison.Ordinal);
        if (option.StartsWith("use", StringComparison.Ordinal) || option.EndsWith("pattern", StringComparison.Ordinal)) Assert.Contains(value, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("init_lora_weights", "\"gaussian\"")]
    [InlineData("init_lora_weights", "false")]
    [InlineData("inference_mode", "false")]
    [InlineData("revision", "\"main\"")]
    [InlineData("an_option_of_tomorrow", "null")]
    [InlineData("an_option_of_tomorrow", "{}")]
    public void Options_without_influence_on_the_maths_are_accepted(string option, string value) => Assert.Equal(16, Parse(With(option, value)).Rank);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"r\":1,\"r\":2}")]
    [InlineData("{}")]
    public void Malformed_json_is_refused(string text) => Assert.Equal(ErrorCodes.AdapterInvalid, Assert.Throws<OpdException>(() => Parse(text)).Code);

    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj", true)]
    [InlineData("q_proj", true)]
    [InlineData("model.layers.0.self_attn.my_q_proj", false)]
    [InlineData("model.layers.0.q_proj.inner", false)]
    [InlineData("model.layers.0.self_attn.k_proj", false)]
    public void A_list_matches_whole_paths_and_their_endings_at_a_dot(string path, bool expected) => Assert.Equal(expected, Parse(FromPeft).Matches(path));

    [Theory]
    [InlineData(@"model\.layers\.\d+\.self_attn\.(q|k)_proj", "model.layers.12.self_attn.k_proj", true)]
    [InlineData(@"model\.layers\.\d+\.self_attn\.(q|k)_proj", "x.model.layers.12.self_attn.k_proj", false)]
    [InlineData(@"q_proj", "model.q_proj", false)]
    [InlineData(@".*q_proj|.*k_proj", "model.k_proj", true)]
    [InlineData(@"a|ab", "ab", true)]
    [InlineData(@".*\.(?P<part>[qk])_proj", "model.q_proj", true)]
    [InlineData(@"(?P<d>\d)(?P=d)\Z", "11", true)]
    [InlineData(@"q_proj", "q_proj\n", false)]
    public void A_text_is_a_regular_expression_over_the_whole_path(string pattern, string path, bool expected) =>
        Assert.Equal(expected, Parse(With("target_modules", System.Text.Json.JsonSerializer.Serialize(pattern))).Matches(path));

    [Fact]
    public void All_linear_leaves_the_output_head_out()
    {
        AdapterConfig config = Parse(With("target_modules", "\"all-linear\""));
        Assert.True(config.Matches("model.layers.0.mlp.up_proj"));
        Assert.False(config.Matches("lm_head"));
    }

    private static AdapterConfig Parse(string text) => AdapterConfig.Parse(Encoding.UTF8.GetBytes(text));

    private static string With(string option, string value)
    {
        var root = (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(FromPeft)!;
        root[option] = System.Text.Json.Nodes.JsonNode.Parse(value);
        return root.ToJsonString();
    }
}
