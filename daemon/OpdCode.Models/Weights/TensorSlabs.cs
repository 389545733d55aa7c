using TorchSharp;

namespace OpdCode.Models.Weights;

/// <summary>
/// Moves tensors to and from bytes a piece at a time, so that a tensor of gigabytes needs a few megabytes beside it,
/// whatever its type, strides and device.
/// </summary>
internal static class TensorSlabs
{
    /// <summary>Elements per piece: 4 MB of float32.</summary>
    private const long MostElements = 1 << 20;

    /// <summary>Copies the bytes that lie <paramref name="offset"/> bytes into the tensor's row-major form.</summary>
    internal delegate void ReadBytes(long offset, Span<byte> target);

    /// <summary>Fills a tensor from row-major little-endian elements of another type.</summary>
    internal static void Fill(torch.Tensor destination, WeightType source, ReadBytes read) => Fill(destination, StoredTypes.Torch(source), StoredTypes.Bytes(source), read);

    /// <summary>Fills a tensor from row-major little-endian elements of a type whose elements have so many bytes.</summary>
    internal static void Fill(torch.Tensor destination, torch.ScalarType type, int elementBytes, ReadBytes read)
    {
        using IDisposable noGrad = torch.no_grad(); // a leaf that wants gradients may be filled, too
        long offset = 0;
        foreach (torch.Tensor piece in Cut(destination))
        {
            using torch.Tensor slab = piece;
            long bytes = slab.numel() * elementBytes;
            if (slab.dtype == type && slab.device.type == DeviceType.CPU && slab.is_contiguous())
            {
                read(offset, slab.bytes);
            }
            else
            {
                using torch.Tensor staged = torch.empty(slab.shape, type, torch.CPU);
                read(offset, staged.bytes);
                slab.copy_(staged);
            }
            offset += bytes;
        }
    }

    /// <summary>Hands out a tensor as row-major little-endian elements of another type, rounded to nearest even.</summary>
    internal static void Drain(torch.Tensor value, WeightType target, Stream stream) => Drain(value, StoredTypes.Torch(target), stream);

    /// <summary>Hands out a tensor as row-major little-endian elements of a type; bit for bit where it is the tensor's own.</summary>
    internal static void Drain(torch.Tensor value, torch.ScalarType type, Stream stream)
    {
        using IDisposable noGrad = torch.no_grad();
        foreach (torch.Tensor piece in Cut(value))
        {
            using torch.Tensor slab = piece;
            using torch.Tensor staged = torch.empty(slab.shape, type, torch.CPU);
            staged.copy_(slab);
            stream.Write(staged.bytes);
        }
    }

    /// <summary>Views of a tensor in row-major order, each of at most <see cref="MostElements"/>; the caller disposes them.</summary>
    private static IEnumerable<torch.Tensor> Cut(torch.Tensor tensor)
    {
        long count = tensor.numel();
        if (count == 0) yield break;
        if (count <= MostElements)
        {
            yield return tensor.alias();
            yield break;
        }
        long rows = tensor.size(0), rowElements = count / rows, step = MostElements / rowElements;
        for (long row = 0; row < rows; row += Math.Max(step, 1))
        {
            if (step > 0)
            {
                yield return tensor.narrow(0, row, Math.Min(step, rows - row));
                continue;
            }
            using torch.Tensor single = tensor.select(0, row);
            foreach (torch.Tensor slab in Cut(single)) yield return slab;
        }
    }
}
