using System.Buffers.Binary;
using System.Text.Json;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Weights;

/// <summary>
/// Tensors of a training state in a safetensors file: each in its own type, bit for bit, where
/// <see cref="SafetensorsWriter"/> stores a whole model in one type and rounds.
/// </summary>
/// <remarks>Known types: F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL. Moved in pieces, whatever the size, strides and device.</remarks>
public static class StateTensors
{
    private static readonly (torch.ScalarType Type, string Spelling, int Bytes)[] s_types =
    [
        (torch.ScalarType.Float64, "F64", 8), (torch.ScalarType.Float32, "F32", 4), (torch.ScalarType.Float16, "F16", 2), (torch.ScalarType.BFloat16, "BF16", 2),
        (torch.ScalarType.Int64, "I64", 8), (torch.ScalarType.Int32, "I32", 4), (torch.ScalarType.Int16, "I16", 2), (torch.ScalarType.Int8, "I8", 1),
        (torch.ScalarType.Byte, "U8", 1), (torch.ScalarType.Bool, "BOOL", 1),
    ];

    /// <summary>Writes one file. It appears under its name complete and flushed to the disk, or not at all.</summary>
    /// <param name="path">The file; its folder is made when missing, an older file is replaced.</param>
    /// <param name="tensors">By name, of any shape and device and one of the known types.</param>
    /// <exception cref="OpdException">OPD3003 when the disk is full, read-only or refuses otherwise.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, torch.Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        (string Name, torch.Tensor Value)[] sorted = [.. tensors.Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal)];
        byte[] header = Header(sorted);
        using var files = new WholeFile();
        files.Write(Path.GetFullPath(path), stream =>
        {
            stream.Write(header);
            foreach ((string _, torch.Tensor value) in sorted) TensorSlabs.Drain(value, value.dtype, stream);
        });
        files.Commit();
    }

    /// <summary>Reads all tensors of a file onto a device; the caller disposes of them.</summary>
    /// <param name="path">What <see cref="Write"/> wrote.</param>
    /// <param name="device">Where they go.</param>
    /// <exception cref="OpdException">OPD1002 when the file is not there; OPD2102 when it is malformed; OPD2103 when it holds a type that no state has.</exception>
    public static Dictionary<string, torch.Tensor> Read(string path, torch.Device device)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        var read = new Dictionary<string, torch.Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (TensorEntry entry in file.Entries.Values)
            {
                (torch.ScalarType type, string spelling, int bytes) = Array.Find(s_types, known => known.Spelling == entry.StoredType);
                if (spelling is null)
                    throw new OpdException(ErrorCodes.TensorMismatch, $"{path}: tensor {StrictJson.Show(entry.Name)} is stored as {entry.StoredType}, which no training state has. Another program wrote the file.");
                torch.Tensor value = torch.empty(entry.Shape, type, device).DetachFromDisposeScope();
                read.Add(entry.Name, value);
                TensorSlabs.Fill(value, type, bytes, (offset, target) => file.ReadBytes(entry, offset, target));
            }
            return read;
        }
        catch
        {
            foreach (torch.Tensor value in read.Values) value.Dispose();
            throw;
        }
    }

    private static byte[] Header((string Name, torch.Tensor Value)[] tensors)
    {
        using var buffer = new MemoryStream();
        buffer.Write(stackalloc byte[8]); // the length, filled in below
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            long at = 0;
            foreach ((string name, torch.Tensor value) in tensors)
            {
                (torch.ScalarType _, string spelling, int bytes) = Array.Find(s_types, known => known.Type == value.dtype);
                if (spelling is null) throw new ArgumentException($"The tensor '{name}' is {value.dtype}, which the format cannot hold.", nameof(tensors));
                long end = at + value.numel() * bytes;
                json.WriteStartObject(name);
                json.WriteString("dtype", spelling);
                json.WriteStartArray("shape");
                foreach (long size in value.shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                json.WriteNumberValue(end);
                json.WriteEndArray();
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
}
