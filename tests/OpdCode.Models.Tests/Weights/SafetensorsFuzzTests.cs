using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Tests.Weights;

/// <summary>A file from a stranger may say anything: it is read correctly or refused, never believed.</summary>
public sealed partial class SafetensorsFuzzTests : IDisposable
{
    private const int Rounds = 10_000;
    private const string Header =
        """{"__metadata__":{"format":"pt","by":"test"},"model.norm.weight":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"model.embed.weight":{"dtype":"BF16","shape":[3,2],"data_offsets":[16,28]},"n":{"dtype":"I64","shape":[],"data_offsets":[28,36]},"none":{"dtype":"F16","shape":[0,7],"data_offsets":[36,36]}}""";

    private readonly ScratchFolder _scratch = new();
    private readonly Random _random = new(20260);

    public SafetensorsFuzzTests() => TorchRuntime.EnsureLoaded();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Ten_thousand_mutated_headers_are_read_or_refused_without_large_allocations()
    {
        byte[] data = Enumerable.Range(0, 36).Select(i => (byte)i).ToArray();
        int refused = 0;
        long most = 0;
        var watch = Stopwatch.StartNew();
        for (int round = 0; round < Rounds; round++)
        {
            byte[] image = Mutate(data);
            string path = _scratch.Bytes("m.safetensors", image);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(path);
                most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before - 16L * image.Length);
                ReadAll(file, image.Length);
            }
            catch (OpdException error)
            {
                most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before - 16L * image.Length);
                Assert.Equal(ErrorCodes.SafetensorsInvalid, error.Code);
                Assert.True(error.Message.Length < 1000 + path.Length, error.Message);
                refused++;
            }
        }
        Assert.InRange(refused, Rounds / 2, Rounds - 100); // the mutations are neither harmless nor all the same
        Assert.True(most < 64_000, $"{most} bytes more than 16 per byte of the file");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"took {watch.Elapsed}");
    }

    [Fact]
    public void A_header_of_many_tiny_tensors_costs_a_small_multiple_of_its_size()
    {
        string header = "{" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $$"""
            "{{i:x}}":{"dtype":"U8","shape":[],"data_offsets":[{{i}},{{i + 1}}]}
            """)) + "}";
        string path = _scratch.Safetensors("many.safetensors", header, new byte[50_000]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, header.Length, 16L * header.Length);
        Assert.Equal(50_000, file.Entries.Count);
    }

    private static void ReadAll(SafetensorsFile file, long length)
    {
        foreach (TensorEntry entry in file.Entries.Values)
        {
            Assert.InRange(entry.Offset, 8, length - entry.ByteCount);
            if (entry.Type == WeightType.Other || entry.ByteCount == 0) continue;
            using torch.Tensor read = torch.zeros(entry.Shape);
            file.CopyTo(entry.Name, read);
        }
    }

    private byte[] Mutate(byte[] data)
    {
        string text = Header;
        int kind = _random.Next(9);
        if (kind == 0) text = EditNumber(text);
        if (kind == 1) text = EditNumber(EditNumber(text));
        if (kind == 2) text = DuplicateKey(text);
        if (kind == 3) text = Nest(text);
        if (kind == 4) text = SwapPieces(text);
        byte[] header = Encoding.UTF8.GetBytes(text);
        if (kind is 5 or 6) FlipBits(header, 1 + _random.Next(3));
        if (kind == 7) header = header[.._random.Next(header.Length)];
        byte[] image = ScratchFolder.Image(header, data);
        if (kind == 8) EditFrame(ref image);
        return image;
    }

    private string EditNumber(string text)
    {
        MatchCollection numbers = Number().Matches(text);
        Match chosen = numbers[_random.Next(numbers.Count)];
        string[] replacements =
        [
            "-1", "0", "1", "16", "1e3", "1.5", "-0", "007", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
            "18446744073709551615", "4611686018427387904", new string('9', 300), "null", "true", "\"4\"", "[4]", "",
            _random.Next(40).ToString(CultureInfo.InvariantCulture), string.Join(",", Enumerable.Repeat("0", _random.Next(200))),
        ];
        return text[..chosen.Index] + replacements[_random.Next(replacements.Length)] + text[(chosen.Index + chosen.Length)..];
    }

    private string DuplicateKey(string text)
    {
        MatchCollection keys = Key().Matches(text);
        return keys[_random.Next(keys.Count)].Value is var from && keys[_random.Next(keys.Count)].Value is var to ? text.Replace(from, to, StringComparison.Ordinal) : text;
    }

    private string Nest(string text)
    {
        int depth = 1 << _random.Next(14), at = _random.Next(text.Length);
        string open = _random.Next(2) == 0 ? "[" : "{\"a\":";
        return text[..at] + string.Concat(Enumerable.Repeat(open, depth)) + text[at..];
    }

    private string SwapPieces(string text)
    {
        int a = _random.Next(text.Length), b = _random.Next(text.Length), length = _random.Next(1, 30);
        string piece = text.Substring(a, Math.Min(length, text.Length - a));
        return text[..b] + piece + text[(_random.Next(2) == 0 ? b : Math.Min(text.Length, b + piece.Length))..];
    }

    private void FlipBits(byte[] bytes, int count)
    {
        for (int i = 0; i < count; i++) bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
    }

    private void EditFrame(ref byte[] image)
    {
        switch (_random.Next(4))
        {
            case 0: image = image[.._random.Next(image.Length)]; break;
            case 1: image = [.. image, .. new byte[_random.Next(1, 50)]]; break;
            case 2: BinaryPrimitives.WriteUInt64LittleEndian(image, (ulong)_random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64)); break;
            default: FlipBits(image, 8); break;
        }
    }

    [GeneratedRegex(@"(?<=[\[,])\d+(?=[\],])")]
    private static partial Regex Number();

    [GeneratedRegex("\"[^\"]+\"(?=:)")]
    private static partial Regex Key();
}
