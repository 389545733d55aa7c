using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>Reads tensors where they are.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>The first element of a contiguous float32 tensor on the processor; valid as long as the tensor.</summary>
    public static float* Floats(torch.Tensor tensor)
    {
        // The span of a whole large tensor would be longer than a span can be; that of one element has the same address.
        using torch.Tensor flat = tensor.reshape(-1);
        using torch.Tensor first = flat.narrow(0, 0, 1);
        return (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
    }
}
