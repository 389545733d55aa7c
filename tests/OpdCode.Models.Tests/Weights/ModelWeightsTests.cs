using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using static TorchSharp.torch;

namespace OpdCode.Models.Tests.Weights;

public sealed class ModelWeightsTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public ModelWeightsTests() => TorchRuntime.EnsureLoaded();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Shards_and_their_index_give_back_every_tensor()
    {
        (string Name, Tensor Value)[] tensors = Tensors(7);
        SafetensorsWriter.WriteSharded(_scratch.Path, tensors, WeightType.Float32, maxShardBytes: 100); // two of 40 bytes per file
        Assert.Equal(["model-00001-of-00004.safetensors", "model-00002-of-00004.safetensors", "model-00003-of-00004.safetensors", "model-00004-of-00004.safetensors", "model.safetensors.index.json"], Files());
        Assert.Contains("\"total_size\": 280", File.ReadAllText(_scratch.At("model.safetensors.index.json")), StringComparison.Ordinal);
        AssertHolds(tensors);
    }

    [Fact]
    public void A_model_that_fits_one_file_has_no_index_and_replaces_earlier_shards()
    {
        (string Name, Tensor Value)[] tensors = Tensors(3);
        _scratch.Text("model.safetensors.notes.txt", "kept");
        SafetensorsWriter.WriteSharded(_scratch.Path, tensors, WeightType.Float32, maxShardBytes: 10);
        Assert.Equal(5, Files().Length);
        SafetensorsWriter.WriteSharded(_scratch.Path, tensors, WeightType.Float32, maxShardBytes: 1000);
        Assert.Equal(["model.safetensors", "model.safetensors.notes.txt"], Files());
        AssertHolds(tensors);
        SafetensorsWriter.WriteSharded(_scratch.Path, tensors, WeightType.Float32, maxShardBytes: 80);
        Assert.DoesNotContain("model.safetensors", Files());
        AssertHolds(tensors);
    }

    [Fact]
    public void A_missing_tensor_and_a_wrong_shape_are_named()
    {
        SafetensorsWriter.WriteSharded(_scratch.Path, Tensors(3), WeightType.Float32, maxShardBytes: 50);
        using ModelWeights weights = ModelWeights.Open(_scratch.Path);
        using Tensor other = zeros(4);
        Assert.False(weights.Contains("absent"));
        OpdException missing = Assert.Throws<OpdException>(() => weights.Entry("absent"));
        Assert.Equal(ErrorCodes.TensorMismatch, missing.Code);
        Assert.Contains("'absent'", missing.Message, StringComparison.Ordinal);
        OpdException shape = Assert.Throws<OpdException>(() => weights.CopyTo("layers.1.weight", other));
        Assert.Contains("model-00002-of-00003.safetensors", shape.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside.safetensors")]
    [InlineData("a/../../outside.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("\\\\server\\share\\x")]
    [InlineData("C:x.safetensors")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a//b")]
    [InlineData(".. /x")]
    [InlineData(".../x")]
    public void An_index_that_leaves_the_folder_is_refused(string file)
    {
        _scratch.Text("model.safetensors.index.json", $$$"""{"weight_map":{"x":{{{System.Text.Json.JsonSerializer.Serialize(file)}}}}}""");
        OpdException error = Assert.Throws<OpdException>(() => ModelWeights.Open(_scratch.Path));
        Assert.Equal(ErrorCodes.SafetensorsInvalid, error.Code);
        Assert.Contains("not a file of this folder", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("{\"weight_map\":{\"x\":1}}")]
    [InlineData("{\"weight_map\":[]}")]
    [InlineData("{\"weight_map\":{\"x\":\"m\",\"x\":\"m\"}}")]
    [InlineData("{\"weight_map\":{\"x\":\"m\"}")]
    [InlineData("{\"weight_map\":{\"absent\":\"m\"}}")]
    public void A_malformed_or_lying_index_is_refused(string index)
    {
        _scratch.Safetensors("m", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", new byte[4]);
        _scratch.Text("model.safetensors.index.json", index);
        OpdException error = Assert.Throws<OpdException>(() => ModelWeights.Open(_scratch.Path));
        Assert.Equal(ErrorCodes.SafetensorsInvalid, error.Code);
        Assert.Contains("model.safetensors.index.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shard_in_a_sub_folder_is_found_and_a_missing_one_is_named()
    {
        Directory.CreateDirectory(_scratch.At("part"));
        _scratch.Safetensors("part/m", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", new byte[4]);
        _scratch.Text("model.safetensors.index.json", """{"metadata":{"total_size":4,"more":[1]},"weight_map":{"x":"part/m"}}""");
        using (ModelWeights weights = ModelWeights.Open(_scratch.Path)) Assert.Equal(["x"], weights.Names);
        File.Delete(_scratch.At("part/m"));
        OpdException error = Assert.Throws<OpdException>(() => ModelWeights.Open(_scratch.Path));
        Assert.Equal(ErrorCodes.FileNotFound, error.Code);
        Assert.Contains("part/m", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_weights_says_what_is_there_instead()
    {
        Assert.Contains("does not exist", Assert.Throws<OpdException>(() => ModelWeights.Open(_scratch.At("none"))).Message, StringComparison.Ordinal);
        Assert.Contains("model.safetensors.index.json", Assert.Throws<OpdException>(() => ModelWeights.Open(_scratch.Path)).Message, StringComparison.Ordinal);
        _scratch.Text("pytorch_model.bin", "");
        OpdException error = Assert.Throws<OpdException>(() => ModelWeights.Open(_scratch.Path));
        Assert.Equal(ErrorCodes.FileNotFound, error.Code);
        Assert.Contains("convert it to safetensors", error.Message, StringComparison.Ordinal);
    }

    private static (string Name, Tensor Value)[] Tensors(int count) =>
        [.. Enumerable.Range(0, count).Select(i => ($"layers.{i}.weight", arange(10, ScalarType.Float32).add(i).reshape(5, 2)))];

    private void AssertHolds((string Name, Tensor Value)[] tensors)
    {
        using ModelWeights weights = ModelWeights.Open(_scratch.Path);
        Assert.Equal(tensors.Length, weights.Names.Count);
        foreach ((string name, Tensor value) in tensors)
        {
            Assert.Equal([5L, 2L], weights.Entry(name).Shape);
            using Tensor read = zeros(5, 2);
            weights.CopyTo(name, read);
            Assert.True(read.bytes.SequenceEqual(value.bytes));
        }
    }

    private string[] Files() => [.. Directory.GetFiles(_scratch.Path).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
}
