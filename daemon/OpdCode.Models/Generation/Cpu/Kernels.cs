using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using OpdCode.Models.Vectors;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>Chooses the kernels of this processor.</summary>
internal static class Kernels
{
    /// <summary>The widest that the processor runs natively; null where it has no fused multiply-add in vectors.</summary>
    public static IKernels? Best { get; } =
        Vector512.IsHardwareAccelerated ? new LaneKernels<Lane512>()
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? new LaneKernels<Lane256>()
        : AdvSimd.Arm64.IsSupported ? new LaneKernels<Lane128>()
        : null;
}
