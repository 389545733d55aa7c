using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Weights;

/// <summary>
/// Writes safetensors files as Hugging Face's library does: header padded to 8 bytes, names sorted, data without gaps,
/// __metadata__ with format "pt". The same tensors give the same bytes.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>Writes one file. It appears under its name complete and flushed to the disk, or not at all.</summary>
    /// <param name="path">The file; its folder is made when missing, an older file is replaced.</param>
    /// <param name="tensors">Names (distinct) and values of any shape, floating-point type and device; each is converted piece by piece.</param>
    /// <param name="type">How the elements are stored; conversion rounds to nearest even.</param>
    /// <param name="metadata">Texts for __metadata__; "format" is always there and always "pt".</param>
    /// <exception cref="OpdException">OPD3003 when the disk is full, read-only or refuses otherwise.</exception>
    public static void Write(string path, IReadOnlyList<(string Name, torch.Tensor Value)> tensors, WeightType type, IReadOnlyDictionary<string, string>? metadata = null)
    {
        CheckNames(tensors);
        using var files = new WholeFile();
        Add(files, Path.GetFullPath(path), tensors, type, metadata);
        files.Commit();
    }

    /// <summary>
    /// Writes the weights of a model folder: model.safetensors when everything fits one file, otherwise
    /// model-00001-of-0000N.safetensors and so on with model.safetensors.index.json.
    /// </summary>
    /// <remarks>
    /// Nothing is renamed before all files are complete on the disk. Weight files of an earlier save in this folder that
    /// carry such a name but do not belong to this one are removed afterwards, because they would be read instead.
    /// </remarks>
    /// <param name="folder">The model folder; made when missing.</param>
    /// <param name="tensors">As in <see cref="Write"/>; filled into the files in this order.</param>
    /// <param name="type">How the elements are stored.</param>
    /// <param name="maxShardBytes">Most bytes of tensor data per file; a single larger tensor gets a file of its own.</param>
    /// <param name="metadata">As in <see cref="Write"/>, in every file.</param>
    /// <param name="prepare">
    /// Turns each value into what is written, of the same shape, just before it is written; the result is freed right
    /// after, so that a merged model never stands beside the model itself. Null writes the values as they are.
    /// </param>
    /// <exception cref="OpdException">OPD3003 when the disk is full, read-only or refuses otherwise.</exception>
    public static void WriteSharded(string folder, IReadOnlyList<(string Name, torch.Tensor Value)> tensors, WeightType type, long maxShardBytes, IReadOnlyDictionary<string, string>? metadata = null,
        Func<string, torch.Tensor, torch.Tensor>? prepare = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxShardBytes);
        CheckNames(tensors);
        folder = Path.GetFullPath(folder);
        List<List<(string Name, torch.Tensor Value)>> shards = Split(tensors, type, maxShardBytes);
        var written = new List<string>();
        using var files = new WholeFile();
        for (int i = 0; i < shards.Count; i++)
        {
            written.Add(shards.Count == 1 ? ModelWeights.SingleFile : string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors"));
            Add(files, Path.Combine(folder, written[i]), shards[i], type, metadata, prepare);
        }
        if (shards.Count > 1)
        {
            files.Write(Path.Combine(folder, ModelWeights.IndexFile), stream => WriteIndex(stream, shards, written, type));
            written.Add(ModelWeights.IndexFile);
        }
        files.Commit();
        RemoveOthers(folder, written);
    }

    /// <summary>Adds one file to a set that is committed together.</summary>
    internal static void Add(WholeFile files, string path, IReadOnlyList<(string Name, torch.Tensor Value)> tensors, WeightType type, IReadOnlyDictionary<string, string>? metadata,
        Func<string, torch.Tensor, torch.Tensor>? prepare = null)
    {
        (string Name, torch.Tensor Value)[] sorted = [.. tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
        byte[] header = Header(sorted, type, metadata);
        files.Write(path, stream =>
        {
            stream.Write(header);
            foreach ((string name, torch.Tensor value) in sorted)
            {
                using var scope = torch.NewDisposeScope(); // holds what prepare makes, and no more than one tensor of it
                TensorSlabs.Drain(prepare?.Invoke(name, value) ?? value, type, stream);
            }
        });
    }

    private static byte[] Header((string Name, torch.Tensor Value)[] tensors, WeightType type, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        buffer.Write(stackalloc byte[8]); // the length, filled in below
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            foreach ((string key, string value) in (metadata ?? new Dictionary<string, string>()).OrderBy(pair => pair.Key, StringComparer.Ordinal))
                if (key != "format") json.WriteString(key, value);
            json.WriteEndObject();
            long at = 0;
            foreach ((string name, torch.Tensor value) in tensors)
            {
                long end = at + value.numel() * StoredTypes.Bytes(type);
                json.WriteStartObject(name);
                json.WriteString("dtype", StoredTypes.Spelling(type));
                WriteNumbers(json, "shape", value.shape);
                WriteNumbers(json, "data_offsets", [at, end]);
                json.WriteEndObject();
                at = end;
            }
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' '); // the data begin at a multiple of 8
        byte[] header = buffer.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - 8);
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string key, long[] numbers)
    {
        json.WriteStartArray(key);
        foreach (long number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static List<List<(string Name, torch.Tensor Value)>> Split(IReadOnlyList<(string Name, torch.Tensor Value)> tensors, WeightType type, long maxShardBytes)
    {
        List<List<(string Name, torch.Tensor Value)>> shards = [[]];
        long filled = 0;
        foreach ((string Name, torch.Tensor Value) tensor in tensors)
        {
            long bytes = tensor.Value.numel() * StoredTypes.Bytes(type);
            if (filled + bytes > maxShardBytes && shards[^1].Count > 0)
            {
                shards.Add([]);
                filled = 0;
            }
            shards[^1].Add(tensor);
            filled += bytes;
        }
        return shards;
    }

    private static void WriteIndex(Stream stream, List<List<(string Name, torch.Tensor Value)>> shards, List<string> files, WeightType type)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        json.WriteNumber("total_size", shards.Sum(shard => shard.Sum(tensor => tensor.Value.numel() * StoredTypes.Bytes(type))));
        json.WriteEndObject();
        json.WriteStartObject("weight_map");
        foreach ((string name, string file) in shards.SelectMany((shard, i) => shard.Select(tensor => (tensor.Name, files[i]))).OrderBy(pair => pair.Name, StringComparer.Ordinal))
            json.WriteString(name, file);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void RemoveOthers(string folder, List<string> written)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "model*.safetensors*").ToList())
        {
            string name = Path.GetFileName(path);
            bool ours = name is ModelWeights.SingleFile or ModelWeights.IndexFile || ModelWeights.ShardName().IsMatch(name);
            if (ours && !written.Contains(name)) WholeFile.Remove(path);
        }
    }

    private static void CheckNames(IReadOnlyList<(string Name, torch.Tensor Value)> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, torch.Tensor _) in tensors)
            if (name == "__metadata__" || !seen.Add(name))
                throw new ArgumentException($"The tensor name '{name}' is there twice or reserved.", nameof(tensors));
    }
}
