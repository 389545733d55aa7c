using OpdCode.Models.Weights;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Tests.Weights;

public sealed class StateTensorsTests
{
    [Fact]
    public void Every_type_comes_back_bit_for_bit()
    {
        using var folder = new ScratchFolder();
        using var scope = torch.NewDisposeScope();
        torch.Tensor bits = torch.randint(long.MinValue, long.MaxValue, [3_000_001], torch.int64); // more than one piece of each type
        var tensors = new Dictionary<string, torch.Tensor>
        {
            ["f64"] = torch.tensor([BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_1234), double.NegativeZero, double.Epsilon, 1 / 3.0], torch.float64),
            ["f32"] = bits.to_type(torch.float32), ["f16"] = bits.to_type(torch.float16), ["bf16"] = bits.to_type(torch.bfloat16),
            ["i64"] = bits, ["i32"] = bits.to_type(torch.int32), ["i16"] = bits.to_type(torch.int16), ["i8"] = bits.to_type(torch.int8),
            ["u8"] = bits.to_type(torch.uint8), ["bool"] = bits.gt(0),
            ["scalar"] = torch.tensor([7.5], torch.float64).reshape([]), ["empty"] = torch.empty([0, 3], torch.float32), ["turned"] = bits.narrow(0, 0, 3_000_000).reshape([3, 1_000_000]).t(),
        };
        string path = folder.At("state.safetensors");
        StateTensors.Write(path, tensors);
        Dictionary<string, torch.Tensor> read = StateTensors.Read(path, torch.CPU);
        Assert.Equal(tensors.Keys.Order(), read.Keys.Order());
        foreach ((string name, torch.Tensor value) in tensors)
        {
            Assert.Equal((value.dtype, string.Join(',', value.shape)), (read[name].dtype, string.Join(',', read[name].shape)));
            Assert.True(value.contiguous().bytes.SequenceEqual(read[name].bytes), name);
            read[name].Dispose();
        }
        using SafetensorsFile file = SafetensorsFile.Open(path); // a file like any other: other programs read it
        Assert.Equal("F32", file.Entries["f32"].StoredType);
    }

    [Fact]
    public void A_type_that_the_format_does_not_have_is_refused_before_anything_is_written()
    {
        using var folder = new ScratchFolder();
        using torch.Tensor complex = torch.zeros([2], torch.complex64);
        Assert.Throws<ArgumentException>(() => StateTensors.Write(folder.At("state.safetensors"), new Dictionary<string, torch.Tensor> { ["c"] = complex }));
        Assert.False(File.Exists(folder.At("state.safetensors")));
        Assert.Equal(ErrorCodes.FileNotFound, Assert.Throws<OpdException>(() => StateTensors.Read(folder.At("state.safetensors"), torch.CPU)).Code);
    }
}
