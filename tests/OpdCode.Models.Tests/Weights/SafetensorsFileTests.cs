using System.Text;
using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using TorchSharp;
using static TorchSharp.torch;

namespace OpdCode.Models.Tests.Weights;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public SafetensorsFileTests() => TorchRuntime.EnsureLoaded();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Entries_carry_type_shape_place_and_the_files_metadata()
    {
        string path = _scratch.Safetensors("a.safetensors",
            """{"__metadata__":{"format":"pt","by":"é"},"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}""", new byte[12]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal("é", file.Metadata["by"]);
        TensorEntry a = file.Entries["a"], b = file.Entries["b"];
        Assert.Equal((WeightType.Other, "I64", 1L, 8L), (a.Type, a.StoredType, a.ElementCount, a.ByteCount));
        Assert.Equal((WeightType.BFloat16, 2L, 4L, new FileInfo(path).Length - 4), (b.Type, b.Shape[0], b.ByteCount, b.Offset));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Every_stored_type_is_read_into_every_floating_type(ScalarType into)
    {
        float[] values = [0f, -0f, 1f, -2.5f, 0.15625f, 240f]; // exact in all types
        byte[] f32 = values.SelectMany(BitConverter.GetBytes).ToArray();
        byte[] f16 = values.SelectMany(v => BitConverter.GetBytes((Half)v)).ToArray();
        byte[] bf16 = values.SelectMany(v => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))).ToArray();
        string path = _scratch.Safetensors("a.safetensors",
            """{"f":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"h":{"dtype":"F16","shape":[2,3],"data_offsets":[24,36]},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[36,48]}}""",
            [.. f32, .. f16, .. bf16]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach (string name in file.Entries.Keys)
        {
            using Tensor read = full([2, 3], float.NaN, into);
            file.CopyTo(name, read);
            using Tensor single = read.to(ScalarType.Float32);
            Assert.Equal(values.Select(BitConverter.SingleToUInt32Bits), single.data<float>().ToArray().Select(BitConverter.SingleToUInt32Bits));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Unaligned_data_are_read(int pad)
    {
        string path = _scratch.Safetensors("a.safetensors",
            """{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}""" + new string(' ', pad),
            [7, .. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-3f)]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using Tensor y = zeros(2);
        file.CopyTo("y", y);
        Assert.Equal([1.5f, -3f], y.data<float>().ToArray());
    }

    [Fact]
    public void Scalars_and_tensors_without_elements_are_read()
    {
        string path = _scratch.Safetensors("a.safetensors",
            """{"none":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},"huge":{"dtype":"F32","shape":[9223372036854775807,9,0],"data_offsets":[4,4]},"one":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""",
            BitConverter.GetBytes(42f));
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using Tensor one = zeros([]), none = zeros(0, 5);
        file.CopyTo("one", one);
        file.CopyTo("none", none);
        Assert.Equal(42f, one.ToSingle());
        Assert.Equal(0, file.Entries["huge"].ByteCount);
    }

    [Fact]
    public void Strided_destinations_and_leaves_that_want_gradients_are_filled()
    {
        float[] values = Enumerable.Range(0, 6).Select(i => (float)i).ToArray();
        string path = _scratch.Safetensors("a.safetensors", """{"x":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}""", values.SelectMany(BitConverter.GetBytes).ToArray());
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using Tensor wide = zeros(3, 2), transposed = wide.t();
        file.CopyTo("x", transposed);
        Assert.Equal([0f, 3f, 1f, 4f, 2f, 5f], wide.data<float>().ToArray());
        using Tensor leaf = zeros([2, 3], requires_grad: true);
        file.CopyTo("x", leaf);
        Assert.True(leaf.is_leaf && leaf.requires_grad);
        using Tensor detached = leaf.detach();
        Assert.Equal(values, detached.data<float>().ToArray());
    }

    [Fact]
    public void A_large_tensor_is_read_in_pieces_without_a_copy_beside_it()
    {
        const int Rows = 3, Columns = (1 << 21) + 5; // each row is larger than a piece
        using Tensor value = arange(Rows * Columns, ScalarType.Float32).reshape(Rows, Columns);
        SafetensorsWriter.Write(_scratch.At("a.safetensors"), [("x", value)], WeightType.Float32);
        using SafetensorsFile file = SafetensorsFile.Open(_scratch.At("a.safetensors"));
        using Tensor read = zeros(Rows, Columns), wide = zeros([Rows, Columns], ScalarType.Float64);
        long before = GC.GetAllocatedBytesForCurrentThread();
        file.CopyTo("x", read);
        file.CopyTo("x", wide);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
        Assert.True(read.bytes.SequenceEqual(value.bytes));
        Assert.True(wide.to(ScalarType.Float32).bytes.SequenceEqual(value.bytes));
    }

    [Fact]
    public void Two_readers_share_a_file_and_it_can_be_deleted_after_both_are_closed()
    {
        string path = _scratch.Safetensors("a.safetensors", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", BitConverter.GetBytes(2f));
        using (SafetensorsFile first = SafetensorsFile.Open(path))
        using (SafetensorsFile second = SafetensorsFile.Open(path))
        {
            Assert.Equal(first.Entries.Keys, second.Entries.Keys);
            using FileStream third = File.OpenRead(path);
            Assert.True(third.Length > 8);
        }
        File.Delete(path);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_wrong_shape_names_file_tensor_expected_and_found()
    {
        string path = _scratch.Safetensors("a.safetensors", """{"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}""", new byte[8]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using Tensor other = zeros(1, 2);
        OpdException error = Assert.Throws<OpdException>(() => file.CopyTo("x", other));
        Assert.Equal(ErrorCodes.TensorMismatch, error.Code);
        foreach (string part in new[] { path, "'x'", "[2, 1]", "expected [1, 2]" }) Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_tensors_and_types_that_are_no_weights_are_refused()
    {
        string path = _scratch.Safetensors("a.safetensors", """{"q":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}""", new byte[8]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using Tensor one = zeros(1);
        OpdException type = Assert.Throws<OpdException>(() => file.CopyTo("q", one));
        Assert.Equal(ErrorCodes.TensorMismatch, type.Code);
        Assert.Contains("I64", type.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCodes.TensorMismatch, Assert.Throws<OpdException>(() => file.CopyTo("w", one)).Code);
        using Tensor whole = zeros([1], ScalarType.Int64);
        Assert.Throws<ArgumentException>(() => file.CopyTo("q", whole));
    }

    [Fact]
    public void A_missing_file_and_a_git_lfs_pointer_are_named_as_such()
    {
        Assert.Equal(ErrorCodes.FileNotFound, Assert.Throws<OpdException>(() => SafetensorsFile.Open(_scratch.At("none"))).Code);
        string pointer = _scratch.Text("p.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        OpdException error = Assert.Throws<OpdException>(() => SafetensorsFile.Open(pointer));
        Assert.Equal(ErrorCodes.SafetensorsInvalid, error.Code);
        Assert.Contains("git lfs pull", error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCodes.SafetensorsInvalid, Assert.Throws<OpdException>(() => SafetensorsFile.Open(_scratch.Path)).Code);
    }

    [Fact]
    public void Every_prefix_of_a_file_is_refused()
    {
        string path = _scratch.Safetensors("a.safetensors", """{"x":{"dtype":"F16","shape":[3],"data_offsets":[0,6]}}""", new byte[6]);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length++)
        {
            string cut = _scratch.Bytes("cut.safetensors", whole[..length]);
            Assert.Equal(ErrorCodes.SafetensorsInvalid, Assert.Throws<OpdException>(() => SafetensorsFile.Open(cut)).Code);
        }
        _scratch.Bytes("longer.safetensors", [.. whole, 0]);
        Assert.Equal(ErrorCodes.SafetensorsInvalid, Assert.Throws<OpdException>(() => SafetensorsFile.Open(_scratch.At("longer.safetensors"))).Code);
    }

    public static TheoryData<string, string> LyingHeaders => new()
    {
        { "begin with", """ {"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""" },
        { "begin with", "[]" },
        { "twice", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""" },
        { "twice", """{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""" },
        { "twice", """{"__metadata__":{"a":"1","a":"2"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""" },
        { "'__metadata__': a text is expected, but a number is there", """{"__metadata__":{"a":1},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""" },
        { "unknown", """{"x":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""" },
        { "unknown", """{"x":{"dtype":"F32","shape":[1],"strides":[1],"data_offsets":[0,4]}}""" },
        { "lacks", """{"x":{"dtype":"F32","shape":[1]}}""" },
        { "lacks", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[4]}}""" },
        { "more than 2", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}""" },
        { "whole number", """{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""" },
        { "whole number", """{"x":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""" },
        { "whole number", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}""" },
        { "no range", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""" },
        { "no range", """{"x":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""" },
        { "does not take", """{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""" },
        { "does not take", """{"x":{"dtype":"F4","shape":[9],"data_offsets":[0,4]}}""" },
        { "does not take", """{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""" },
        { "does not take", """{"x":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,9223372036854775807],"data_offsets":[0,4]}}""" },
        { "gap", """{"x":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""" },
        { "gap", """{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""" },
        { "overlap", """{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""" },
        { "but the file has", """{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""" },
        { "but the file has", """{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""" },
        { "but the file has", "{}" },
        { "after a single JSON value", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}{}""" },
        { "Unicode", """{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""" },
        { "in its header", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""" },
    };

    [Theory]
    [MemberData(nameof(LyingHeaders))]
    public void A_lying_header_is_refused_with_its_reason(string reason, string header)
    {
        string path = _scratch.Safetensors("a.safetensors", header, new byte[4]);
        OpdException error = Assert.Throws<OpdException>(() => SafetensorsFile.Open(path));
        Assert.Equal(ErrorCodes.SafetensorsInvalid, error.Code);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Invalid_utf8_and_a_header_length_beyond_the_limit_are_refused()
    {
        byte[] header = Encoding.UTF8.GetBytes("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""");
        header[2] = 0xff;
        Assert.Contains("UTF-8", Assert.Throws<OpdException>(() => SafetensorsFile.Open(_scratch.Bytes("a", ScratchFolder.Image(header, new byte[4])))).Message, StringComparison.Ordinal);
        byte[] lying = new byte[64];
        foreach (ulong length in new[] { 57ul, ulong.MaxValue, 1ul << 63, 100_000_001ul })
        {
            BitConverter.TryWriteBytes(lying, length);
            Assert.Contains(" claims ", Assert.Throws<OpdException>(() => SafetensorsFile.Open(_scratch.Bytes("b", lying))).Message, StringComparison.Ordinal);
        }
    }
}
