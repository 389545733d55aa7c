using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace OpdCode.Models.Vectors;

/// <summary>
/// Reaches the memory of tensors on the processor, for the few places where one pass of our own replaces a dozen passes
/// of libtorch's operations. Every kernel has a twin in tensor operations, which other devices and types use and tests compare with.
/// </summary>
internal static unsafe class ProcessorMemory
{
    // Below this many elements another thread costs more than it saves.
    private const long ElementsPerThread = 1 << 15;

    /// <summary>Runs everything on tensor operations in this thread, so that tests can compare; the kernels otherwise.</summary>
    [ThreadStatic]
    internal static bool s_tensorsOnlyForTest;

    /// <summary>Whether kernels may work on a tensor: float32 (or the given type), on the processor, without gaps.</summary>
    public static bool Reaches(torch.Tensor tensor, torch.ScalarType type = torch.ScalarType.Float32) =>
        !s_tensorsOnlyForTest && tensor.device_type == DeviceType.CPU && tensor.dtype == type && tensor.is_contiguous();

    /// <summary>The first element. The tensor must outlive every use of it.</summary>
    public static T* Of<T>(torch.Tensor tensor) where T : unmanaged
    {
        using torch.Tensor flat = tensor.view(-1), first = flat.narrow(0, 0, Math.Min(1, tensor.numel())); // a span of more than 2 GB does not exist
        return (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
    }

    /// <summary>Runs <paramref name="body"/> for ranges that cover 0 … <paramref name="count"/>, on as many threads as libtorch uses.</summary>
    /// <param name="count">Elements, or rows.</param>
    /// <param name="weight">Elements in each of them.</param>
    /// <param name="body">Gets start and end of a range. What it computes must not depend on the cut.</param>
    public static void Parallel(long count, long weight, Action<long, long> body)
    {
        long threads = Math.Min(Math.Min(torch.get_num_threads(), count), Math.Max(1, count * weight / ElementsPerThread));
        if (threads <= 1)
        {
            body(0, count);
            return;
        }
        // Four pieces a thread: one that is held up by other programs does not hold up the rest.
        long pieces = Math.Min(count, 4 * threads), size = (count + pieces - 1) / pieces;
        System.Threading.Tasks.Parallel.For(0L, pieces, new ParallelOptions { MaxDegreeOfParallelism = (int)threads },
            piece => { if (piece * size < count) body(piece * size, Math.Min(count, (piece + 1) * size)); });
    }
}
