using System.Globalization;
using System.Runtime.InteropServices;

namespace OpdCode.Models.Native;

/// <summary>The machine's memory: what a process may have, and what is free of it just now.</summary>
internal static partial class MachineMemory
{
    private const string ControlGroup = "/sys/fs/cgroup/";

    /// <summary>Asks the system. The total is a container's limit where there is one.</summary>
    public static DeviceMemory Read()
    {
        GCMemoryInfo runtime = GC.GetGCMemoryInfo();
        long total = runtime.TotalAvailableMemoryBytes;
        long free = OperatingSystem.IsLinux() ? Linux() : OperatingSystem.IsWindows() ? Windows() : total - runtime.MemoryLoadBytes;
        return new DeviceMemory(total, Math.Clamp(free, 0, total), IsCuda: false);
    }

    private static long Linux()
    {
        long free = Number("/proc/meminfo", "MemAvailable:") is { } kilobytes ? kilobytes * 1024 : long.MaxValue;
        if (Number(ControlGroup + "memory.max", "") is not { } limit || Number(ControlGroup + "memory.current", "") is not { } used) return free; // no limit: "max"
        // Pages of files that nobody waits for are given back when memory runs short.
        return Math.Min(free, limit - used + (Number(ControlGroup + "memory.stat", "inactive_file ") ?? 0));
    }

    private static long? Number(string file, string name)
    {
        if (!File.Exists(file)) return null;
        string? line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        string? number = line?[name.Length..].Trim().Split(' ')[0];
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
    }

    private static long Windows()
    {
        MemoryStatus status = new() { Length = (uint)Marshal.SizeOf<MemoryStatus>() };
        return GlobalMemoryStatusEx(ref status) ? (long)Math.Min(status.AvailablePhysical, long.MaxValue) : long.MaxValue;
    }

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GlobalMemoryStatusEx(ref MemoryStatus status);

    // MEMORYSTATUSEX
    [StructLayout(LayoutKind.Sequential)]
    private struct MemoryStatus
    {
        public uint Length;
        public uint Load;
        public ulong TotalPhysical;
        public ulong AvailablePhysical;
        public ulong TotalPageFile;
        public ulong AvailablePageFile;
        public ulong TotalVirtual;
        public ulong AvailableVirtual;
        public ulong AvailableExtendedVirtual;
    }
}
