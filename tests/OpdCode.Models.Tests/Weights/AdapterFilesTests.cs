using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using static TorchSharp.torch;

namespace OpdCode.Models.Tests.Weights;

public sealed class AdapterFilesTests : IDisposable
{
    private const string Module = "model.layers.0.self_attn.q_proj";
    private readonly ScratchFolder _scratch = new();
    private readonly AdapterConfig _config = new() { Rank = 2, Alpha = 4, TargetModules = ["q_proj"], BaseModel = "base" };

    public AdapterFilesTests() => TorchRuntime.EnsureLoaded();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(WeightType.Float32)]
    [InlineData(WeightType.BFloat16)]
    public void What_is_written_is_read_back_under_pefts_names(WeightType type)
    {
        using Tensor a_RI = arange(6, ScalarType.Float32).reshape(2, 3), b_OR = arange(8, ScalarType.Float32).reshape(4, 2);
        AdapterFiles.Write(_scratch.At("new/adapter"), _config, new Dictionary<string, LoraPair> { [Module] = new(a_RI, b_OR) }, type);
        using (SafetensorsFile file = SafetensorsFile.Open(_scratch.At("new/adapter/adapter_model.safetensors")))
            Assert.Equal([$"base_model.model.{Module}.lora_A.weight", $"base_model.model.{Module}.lora_B.weight"], file.Entries.Keys);
        using LoraAdapter adapter = AdapterFiles.Read(_scratch.At("new/adapter"));
        Assert.Equal(2.0, adapter.Config.Scale);
        LoraPair pair = Assert.Single(adapter.Modules, module => module.Key == Module).Value;
        Assert.True(pair.A_RI.bytes.SequenceEqual(a_RI.bytes));
        Assert.True(pair.B_OR.bytes.SequenceEqual(b_OR.bytes));
        Assert.Equal(2, Directory.GetFiles(_scratch.At("new/adapter")).Length);
    }

    [Theory]
    [InlineData("base_model.model.m.q_proj.lora_A.weight", "missing")]                 // without its B
    [InlineData("base_model.model.m.q_proj.lora_B.weight", "missing")]
    [InlineData("base_model.model.lm_head.weight", "not a LoRA factor")]               // a saved module
    [InlineData("base_model.model.m.embed.lora_embedding_A", "not a LoRA factor")]
    [InlineData("base_model.model.m.q_proj.lora_magnitude_vector", "not a LoRA factor")]
    [InlineData("model.q_proj.lora_A.weight", "not a LoRA factor")]
    [InlineData("base_model.model.lora_A.weight", "not a LoRA factor")]
    public void Tensors_that_are_no_whole_pairs_are_refused_by_name(string name, string reason)
    {
        WriteConfig();
        using Tensor value = zeros(2, 2);
        SafetensorsWriter.Write(_scratch.At("adapter_model.safetensors"), [(name, value)], WeightType.Float32);
        OpdException error = Assert.Throws<OpdException>(() => AdapterFiles.Read(_scratch.Path));
        Assert.Equal(ErrorCodes.AdapterInvalid, error.Code);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shapes_and_modules_must_fit_the_configuration()
    {
        WriteConfig();
        using Tensor two = zeros(2, 2), three = zeros(3, 3), flat = zeros(2);
        AssertRefused("expected [2, in] and [out, 2]", "m.q_proj", three, two);
        AssertRefused("expected [2, in] and [out, 2]", "m.q_proj", two, three);
        AssertRefused("expected [2, in] and [out, 2]", "m.q_proj", flat, two);
        AssertRefused("target_modules", "m.k_proj", two, two);
        OpdException error = Assert.Throws<OpdException>(() => AdapterFiles.Write(_scratch.At("x"), _config, new Dictionary<string, LoraPair> { ["m.q_proj"] = new(three, two) }));
        Assert.Equal(ErrorCodes.AdapterInvalid, error.Code);
        Assert.False(Directory.Exists(_scratch.At("x")));
    }

    [Fact]
    public void Missing_files_are_named()
    {
        Assert.Contains("adapter_config.json", Assert.Throws<OpdException>(() => AdapterFiles.Read(_scratch.Path)).Message, StringComparison.Ordinal);
        WriteConfig();
        OpdException weights = Assert.Throws<OpdException>(() => AdapterFiles.Read(_scratch.Path));
        Assert.Equal(ErrorCodes.FileNotFound, weights.Code);
        Assert.Contains("adapter_model.safetensors", weights.Message, StringComparison.Ordinal);
        _scratch.Text("adapter_model.bin", "");
        Assert.Contains("adapter_model.bin", Assert.Throws<OpdException>(() => AdapterFiles.Read(_scratch.Path)).Message, StringComparison.Ordinal);
        _scratch.Text("adapter_config.json", "{");
        Assert.Contains(_scratch.Path, Assert.Throws<OpdException>(() => AdapterFiles.Read(_scratch.Path)).Message, StringComparison.Ordinal);
    }

    private void AssertRefused(string reason, string module, Tensor a_RI, Tensor b_OR)
    {
        SafetensorsWriter.Write(_scratch.At("adapter_model.safetensors"), [($"base_model.model.{module}.lora_A.weight", a_RI), ($"base_model.model.{module}.lora_B.weight", b_OR)], WeightType.Float32);
        OpdException error = Assert.Throws<OpdException>(() => AdapterFiles.Read(_scratch.Path));
        Assert.Equal(ErrorCodes.AdapterInvalid, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains(module, error.Message, StringComparison.Ordinal);
    }

    private void WriteConfig()
    {
        using FileStream stream = File.Create(_scratch.At("adapter_config.json"));
        _config.Write(stream);
    }
}
