using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Text.Json;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Weights;

/// <summary>
/// One safetensors file, memory-mapped: opening reads the header only; tensors are copied from the mapping straight into
/// their destination. Several readers may hold the same file; reading from several threads is safe.
/// </summary>
/// <remarks>
/// Layout: 8 bytes little-endian length of the header, the header (JSON), the data. Every field is checked on opening
/// (github.com/huggingface/safetensors, README "Format"), so that a lying header never causes a read outside the file
/// or an allocation larger than a small multiple of the header.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const long MostHeaderBytes = 100_000_000; // the limit of the format's own reader

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, SafetensorsHeader header)
    {
        FilePath = path;
        _map = map;
        _view = view;
        _header = header;
    }

    /// <summary>The full path of the file.</summary>
    public string FilePath { get; }

    /// <summary>All tensors of the file by name, those that are no weights included.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries => _header.Entries;

    /// <summary>The texts under __metadata__; empty when the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Maps a file and checks its header.</summary>
    /// <param name="path">The file; it stays open, shared with other readers, until <see cref="Dispose"/>.</param>
    /// <exception cref="OpdException">OPD1002 when the file is not there; OPD2102 when it cannot be read, is truncated, malformed or contradicts itself.</exception>
    public static SafetensorsFile Open(string path)
    {
        path = Path.GetFullPath(path);
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            // Read: other readers may come. Delete: a writer may rename a new file over this one where the system allows that.
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
            try
            {
                SafetensorsHeader header = ReadHeader(stream);
                map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
                view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
                return new SafetensorsFile(path, map, view, header);
            }
            catch
            {
                view?.Dispose();
                map?.Dispose();
                stream.Dispose();
                throw;
            }
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new OpdException(ErrorCodes.FileNotFound, $"The weight file {path} does not exist. Check the path.", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.SafetensorsInvalid, $"The weight file {path} cannot be read: {failure.Message}", failure);
        }
        catch (JsonException failure)
        {
            throw new OpdException(ErrorCodes.SafetensorsInvalid,
                $"{path} is not a valid safetensors file: {failure.Message}. Download or export it again.", failure);
        }
    }

    /// <summary>Copies a tensor's elements into an existing tensor, converting to its type and moving to its device.</summary>
    /// <param name="name">The tensor's name in the file.</param>
    /// <param name="destination">Same shape as stored; float32, float64, float16 or bfloat16; any device, any strides. May require gradients.</param>
    /// <exception cref="OpdException">OPD2103 when the tensor is not in the file, is stored as a type that is no weight, or has another shape.</exception>
    public void CopyTo(string name, torch.Tensor destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (destination.dtype is not (torch.ScalarType.Float32 or torch.ScalarType.Float64 or torch.ScalarType.Float16 or torch.ScalarType.BFloat16))
            throw new ArgumentException($"Weights are copied into floating-point tensors, not {destination.dtype}.", nameof(destination));
        TensorEntry entry = RequireWeight(name);
        if (!entry.Shape.AsSpan().SequenceEqual(destination.shape))
            throw new OpdException(ErrorCodes.TensorMismatch,
                $"{FilePath}: tensor {StrictJson.Show(name)} has shape [{SafetensorsHeader.Join(entry.Shape)}], expected [{SafetensorsHeader.Join(destination.shape)}]. "
                + "The weights do not belong to this configuration.");
        TensorSlabs.Fill(destination, entry.Type, (offset, target) => ReadBytes(entry, offset, target));
    }

    /// <summary>Copies a tensor's stored bytes as they are, from so many bytes behind its first.</summary>
    internal void ReadBytes(TensorEntry entry, long offset, Span<byte> target) =>
        _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)(_view.PointerOffset + entry.Offset + offset), target);

    /// <summary>The entry of a tensor that can be read as a weight.</summary>
    internal TensorEntry RequireWeight(string name)
    {
        if (!Entries.TryGetValue(name, out TensorEntry? entry))
            throw new OpdException(ErrorCodes.TensorMismatch, $"{FilePath}: tensor {StrictJson.Show(name)} is missing; the file holds {Entries.Count} other tensors.");
        if (entry.Type == WeightType.Other)
            throw new OpdException(ErrorCodes.TensorMismatch,
                $"{FilePath}: tensor {StrictJson.Show(name)} is stored as {entry.StoredType}; expected F32, F16 or BF16. Quantized weights are not supported: use the unquantized model.");
        return entry;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }

    private static SafetensorsHeader ReadHeader(FileStream stream)
    {
        long fileLength = stream.Length;
        if (fileLength < 8) throw new JsonException($"it has {fileLength} bytes, fewer than the 8 of the header's length");
        Span<byte> prefix = stackalloc byte[8];
        stream.ReadExactly(prefix);
        if (prefix.SequenceEqual("version "u8))
            throw new JsonException("it is a Git LFS pointer, not the weights themselves (run 'git lfs pull')");
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > (ulong)(fileLength - 8))
            throw new JsonException($"its header claims {headerLength} bytes, but the file has {fileLength}; it is truncated or not a safetensors file");
        if (headerLength > MostHeaderBytes)
            throw new JsonException($"its header claims {headerLength} bytes; the format allows {MostHeaderBytes}");
        byte[] utf8 = new byte[headerLength];
        stream.ReadExactly(utf8);
        try
        {
            return SafetensorsHeader.Parse(utf8, fileLength);
        }
        catch (JsonException failure)
        {
            throw new JsonException("in its header, " + failure.Message.TrimEnd('.'), failure);
        }
    }
}
