using System.Runtime.InteropServices;

namespace OpdCode.Models.Native;

/// <summary>
/// The memory of an NVIDIA card, from its driver's own libraries. libtorch could say it too, but only by making a context
/// on the card, which holds some hundred megabytes of the memory asked about for as long as the process lives.
/// </summary>
internal static unsafe class CardMemory
{
    private const int BusIdLength = 32;

    /// <summary>True where the driver is installed; costs no more than looking for its library.</summary>
    public static bool HasDriver => NativeLibrary.TryLoad(Driver, out _);

    private static string Driver => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    private static string Management => OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1";

    /// <summary>Total and free bytes of a card as CUDA numbers it; null when the driver does not tell.</summary>
    public static DeviceMemory? Read(int index)
    {
        if (!NativeLibrary.TryLoad(Driver, out nint driver) || !NativeLibrary.TryLoad(Management, out nint management)) return null;
        if (!NativeLibrary.TryGetExport(driver, "cuInit", out nint start) || !NativeLibrary.TryGetExport(driver, "cuDeviceGetPCIBusId", out nint busId)
            || !NativeLibrary.TryGetExport(management, "nvmlInit_v2", out nint open) || !NativeLibrary.TryGetExport(management, "nvmlShutdown", out nint close)
            || !NativeLibrary.TryGetExport(management, "nvmlDeviceGetHandleByPciBusId_v2", out nint find)
            || !NativeLibrary.TryGetExport(management, "nvmlDeviceGetMemoryInfo", out nint ask)) return null;
        // CUDA and the management library count cards in different orders; the bus address is the same for both.
        byte* bus = stackalloc byte[BusIdLength];
        if (((delegate* unmanaged<uint, int>)start)(0) != 0 || ((delegate* unmanaged<byte*, int, int, int>)busId)(bus, BusIdLength, index) != 0) return null;
        if (((delegate* unmanaged<int>)open)() != 0) return null;
        try
        {
            nint card;
            Memory memory;
            return ((delegate* unmanaged<byte*, nint*, int>)find)(bus, &card) == 0 && ((delegate* unmanaged<nint, Memory*, int>)ask)(card, &memory) == 0
                ? new DeviceMemory((long)memory.Total, (long)memory.Free, IsCuda: true) : null;
        }
        finally
        {
            _ = ((delegate* unmanaged<int>)close)();
        }
    }

    // nvmlMemory_t
    private struct Memory
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }
}
