using System.Text;
using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using TorchSharp;
using static TorchSharp.torch;

namespace OpdCode.Models.Tests.Weights;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public SafetensorsWriterTests() => TorchRuntime.EnsureLoaded();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(WeightType.Float32, ScalarType.Float32)]
    [InlineData(WeightType.Float16, ScalarType.Float16)]
    [InlineData(WeightType.BFloat16, ScalarType.BFloat16)]
    public void A_round_trip_in_the_same_type_keeps_every_bit(WeightType stored, ScalarType type)
    {
        // All 65536 patterns of the 16-bit types, infinities, NaNs and subnormal numbers included.
        byte[] bits = stored == WeightType.Float32
            ? Enumerable.Range(0, 65536).SelectMany(i => BitConverter.GetBytes((uint)i * 65537u)).ToArray()
            : Enumerable.Range(0, 65536).SelectMany(i => BitConverter.GetBytes((ushort)i)).ToArray();
        using Tensor value = empty([256, 256], type);
        bits.CopyTo(value.bytes);
        string path = _scratch.At("a.safetensors");
        SafetensorsWriter.Write(path, [("x", value)], stored);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using Tensor read = zeros([256, 256], type);
        file.CopyTo("x", read);
        Assert.True(read.bytes.SequenceEqual(bits));
    }

    [Fact]
    public void Bfloat16_is_rounded_to_nearest_even_both_when_written_and_when_read()
    {
        var random = new Random(1);
        var patterns = new List<uint> { 0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff, 0x7f7fffff, 0x7f800000, 0xff800000, 0x00000001, 0x80008000, 0x00018000 };
        for (int i = 0; i < 4000; i++)
        {
            uint pattern = (uint)random.NextInt64(0, 1L << 32);
            if (!float.IsNaN(BitConverter.UInt32BitsToSingle(pattern))) patterns.Add(pattern);
            if (!float.IsNaN(BitConverter.UInt32BitsToSingle(pattern & 0xffff0000 | 0x8000))) patterns.Add(pattern & 0xffff0000 | 0x8000); // half way
        }
        float[] values = patterns.Select(BitConverter.UInt32BitsToSingle).ToArray();
        ushort[] expected = patterns.Select(bits => (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)).ToArray();

        using Tensor single = tensor(values);
        SafetensorsWriter.Write(_scratch.At("b16"), [("x", single)], WeightType.BFloat16);
        byte[] written = File.ReadAllBytes(_scratch.At("b16"))[^(2 * values.Length)..];
        Assert.Equal(expected, Enumerable.Range(0, values.Length).Select(i => BitConverter.ToUInt16(written, 2 * i)));

        SafetensorsWriter.Write(_scratch.At("b32"), [("x", single)], WeightType.Float32);
        using SafetensorsFile file = SafetensorsFile.Open(_scratch.At("b32"));
        using Tensor read = zeros([values.Length], ScalarType.BFloat16);
        file.CopyTo("x", read);
        Assert.True(read.bytes.SequenceEqual(written));
    }

    [Fact]
    public void The_header_is_padded_to_eight_bytes_and_its_names_are_sorted()
    {
        using Tensor one = ones(3), scalar = tensor(2f), none = zeros(0, 4);
        for (int extra = 0; extra < 8; extra++)
        {
            string path = _scratch.At("a.safetensors");
            SafetensorsWriter.Write(path, [("b" + new string('x', extra), one), ("a", scalar), ("C", none)], WeightType.Float32, new Dictionary<string, string> { ["by"] = "\"é\"", ["format"] = "tf" });
            byte[] bytes = File.ReadAllBytes(path);
            long length = BitConverter.ToInt64(bytes);
            Assert.Equal(0, length % 8);
            Assert.StartsWith("{\"__metadata__\":{\"format\":\"pt\",", Encoding.UTF8.GetString(bytes, 8, (int)length), StringComparison.Ordinal);
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Assert.Equal(["C", "a", "b" + new string('x', extra)], file.Entries.Keys);
            Assert.Equal("\"é\"", file.Metadata["by"]);
            Assert.Equal("pt", file.Metadata["format"]);
            using Tensor read = zeros([]);
            file.CopyTo("a", read);
            Assert.Equal(2f, read.ToSingle());
        }
    }

    [Fact]
    public void Strided_tensors_are_written_row_by_row()
    {
        using Tensor value = arange(6, ScalarType.Float64).reshape(2, 3), turned = value.t();
        SafetensorsWriter.Write(_scratch.At("a"), [("x", turned)], WeightType.Float32);
        using SafetensorsFile file = SafetensorsFile.Open(_scratch.At("a"));
        using Tensor read = zeros(3, 2);
        file.CopyTo("x", read);
        Assert.Equal([0f, 3f, 1f, 4f, 2f, 5f], read.data<float>().ToArray());
    }

    [Fact]
    public void The_same_tensors_give_the_same_bytes_and_replace_an_older_file()
    {
        using Tensor one = ones(3);
        SafetensorsWriter.Write(_scratch.At("a"), [("x", one), ("y", one)], WeightType.Float16);
        byte[] first = File.ReadAllBytes(_scratch.At("a"));
        SafetensorsWriter.Write(_scratch.At("a"), [("y", one), ("x", one)], WeightType.Float16);
        Assert.Equal(first, File.ReadAllBytes(_scratch.At("a")));
        Assert.Single(Directory.GetFiles(_scratch.Path));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named_and_nothing_is_left()
    {
        string blocked = Path.Combine(_scratch.Text("file", "not a folder"), "model.safetensors");
        using Tensor one = ones(3);
        OpdException error = Assert.Throws<OpdException>(() => SafetensorsWriter.Write(blocked, [("x", one)], WeightType.Float32));
        Assert.Equal(ErrorCodes.RunFolder, error.Code);
        Assert.Contains(blocked, error.Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_scratch.At("taken"));
        Assert.Equal(ErrorCodes.RunFolder, Assert.Throws<OpdException>(() => SafetensorsWriter.Write(_scratch.At("taken"), [("x", one)], WeightType.Float32)).Code);
        Assert.Equal([_scratch.At("file")], Directory.GetFiles(_scratch.Path));
    }

    [Fact]
    public void A_disk_that_fills_up_leaves_the_older_files_as_they_were()
    {
        _scratch.Text("a", "old");
        OpdException error = Assert.Throws<OpdException>(() =>
        {
            using var files = new WholeFile();
            files.Write(_scratch.At("a"), stream => stream.Write(new byte[100_000]));
            files.Write(_scratch.At("b"), stream =>
            {
                stream.Write(new byte[100_000]);
                throw new IOException("No space left on device.");
            });
        });
        Assert.Equal(ErrorCodes.RunFolder, error.Code);
        Assert.Contains("No space left", error.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(_scratch.At("a")));
        Assert.Single(Directory.GetFiles(_scratch.Path));
    }

    [Fact]
    public void Names_must_be_distinct()
    {
        using Tensor one = ones(1);
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(_scratch.At("a"), [("x", one), ("x", one)], WeightType.Float32));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(_scratch.At("a"), [("__metadata__", one)], WeightType.Float32));
    }
}
