using System.Text.Json;

namespace OpdCode.Models.Weights;

/// <summary>
/// Parses the JSON header of a safetensors file and holds every field against the size of the file.
/// </summary>
/// <remarks>
/// Rules of the format (github.com/huggingface/safetensors, README "Format" and the checks of its reader): strict
/// UTF-8, an object that begins with a brace, no duplicate keys, data_offsets relative to the end of the header, their
/// span equal to elements times size, the data covered without gap or overlap up to the last byte of the file.
/// A <see cref="JsonException"/> says what is wrong.
/// </remarks>
internal sealed class SafetensorsHeader
{
    private const string MetadataKey = "__metadata__";
    private const int MaxRank = 64; // libtorch iterates over at most 64 axes

    private readonly Dictionary<string, TensorEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafetensorsHeader()
    {
    }

    internal IReadOnlyDictionary<string, TensorEntry> Entries => _entries;

    internal IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <param name="utf8">The header, without the 8 bytes of its length.</param>
    /// <param name="fileLength">Length of the whole file in bytes; the data are what follows the header.</param>
    internal static SafetensorsHeader Parse(ReadOnlySpan<byte> utf8, long fileLength)
    {
        if (utf8.IsEmpty || utf8[0] != (byte)'{') throw new JsonException("it does not begin with '{'");
        var header = new SafetensorsHeader();
        header.ReadAll(utf8, 8 + utf8.Length);
        header.CheckCoverage(8 + utf8.Length, fileLength);
        return header;
    }

    private void ReadAll(ReadOnlySpan<byte> utf8, long dataStart)
    {
        var json = new StrictJson(utf8);
        var names = new HashSet<string>(StringComparer.Ordinal);
        json.Expect(JsonTokenType.StartObject, "an object");
        while (json.NextKey(names, out string name))
        {
            try
            {
                json.Expect(JsonTokenType.StartObject, "an object");
                if (name == MetadataKey) ReadMetadata(ref json);
                else _entries.Add(name, ReadEntry(ref json, name, dataStart));
            }
            catch (JsonException failure) // named here, so that no text is made for entries that are in order
            {
                throw new JsonException($"{(name == MetadataKey ? "" : "tensor ")}{StrictJson.Show(name)}: {failure.Message}", failure);
            }
        }
        json.End();
    }

    private void ReadMetadata(ref StrictJson json)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (json.NextKey(seen, out string key)) _metadata.Add(key, json.NextText("a text"));
    }

    private static TensorEntry ReadEntry(ref StrictJson json, string name, long dataStart)
    {
        string? storedType = null;
        long[]? shape = null, offsets = null;
        for (json.Advance("a key"); json.Kind != JsonTokenType.EndObject; json.Advance("a key"))
        {
            // Three fixed keys need no set of seen ones: each may be filled once.
            string key = json.Key();
            if (key == "dtype" && storedType is null) storedType = json.NextText("a dtype");
            else if (key == "shape" && shape is null) shape = ReadCounts(ref json, MaxRank, "shape");
            else if (key == "data_offsets" && offsets is null) offsets = ReadCounts(ref json, 2, "data_offsets");
            else throw new JsonException($"the key {StrictJson.Show(key)} is unknown or there twice");
        }
        if (storedType is null || shape is null || offsets is not [long begin, long end])
            throw new JsonException("it lacks dtype, shape or two data_offsets");
        if (!StoredTypes.TryGetBits(storedType, out int bits))
            throw new JsonException($"the dtype {StrictJson.Show(storedType)} is unknown");
        if (begin > end || end > long.MaxValue - dataStart)
            throw new JsonException($"the data_offsets {begin} to {end} are no range");
        if (ByteCount(shape, bits) is not long expected || expected != end - begin)
            throw new JsonException($"{storedType} [{Join(shape)}] does not take the {end - begin} bytes that its data_offsets span");
        return new TensorEntry(name, StoredTypes.Parse(storedType), shape, dataStart + begin, end - begin) { StoredType = storedType };
    }

    private static long[] ReadCounts(ref StrictJson json, int most, string what)
    {
        json.Expect(JsonTokenType.StartArray, "a list");
        var counts = new List<long>();
        for (json.Advance(what); json.Kind != JsonTokenType.EndArray; json.Advance(what))
        {
            if (counts.Count == most) throw new JsonException($"{what} has more than {most} numbers");
            counts.Add(json.Count("a whole number of zero or more"));
        }
        return [.. counts];
    }

    /// <summary>Bytes of a tensor; null when that number does not fit 64 bits or is no whole number of bytes.</summary>
    private static long? ByteCount(long[] shape, int bits)
    {
        // Zero first: [huge, huge, 0] holds nothing, and must not count as an overflow.
        if (shape.Contains(0)) return 0;
        UInt128 total = (UInt128)bits;
        foreach (long size in shape)
        {
            total *= (UInt128)size;
            if (total > long.MaxValue) return null;
        }
        return total % 8 == 0 ? (long)(total / 8) : null;
    }

    /// <summary>The data must be covered once, from the end of the header to the end of the file.</summary>
    private void CheckCoverage(long dataStart, long fileLength)
    {
        long at = dataStart;
        foreach (TensorEntry entry in _entries.Values.OrderBy(entry => entry.Offset).ThenBy(entry => entry.ByteCount))
        {
            if (entry.Offset != at)
                throw new JsonException($"tensor {StrictJson.Show(entry.Name)} begins at byte {entry.Offset}, but the one before ends at {at}: the data have {(entry.Offset > at ? "a gap" : "an overlap")}");
            at += entry.ByteCount;
            if (at > fileLength)
                throw new JsonException($"tensor {StrictJson.Show(entry.Name)} ends at byte {at}, but the file has {fileLength} bytes");
        }
        if (at != fileLength)
            throw new JsonException($"the tensors end at byte {at}, but the file has {fileLength} bytes");
    }

    internal static string Join(IEnumerable<long> shape) => string.Join(", ", shape);
}
