using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace OpdCode.Recipes.Rewards;

/// <summary>
/// A program and everything that it starts, for a limit on their memory: an interpreter is often started by a small
/// launcher (python.exe of a virtual environment on Windows, a script elsewhere), which itself needs next to none.
/// </summary>
/// <remarks>Windows: a job object, which also ends what is left when it is closed. Linux: the tree under /proc. Elsewhere the program alone is counted.</remarks>
internal sealed unsafe partial class ProcessFamily : IDisposable
{
    private const int ExtendedLimits = 9;
    private const uint EndOnClose = 0x2000;

    private readonly Process _process;
    private readonly nint _job;

    /// <summary>Watches a program that was just started.</summary>
    public ProcessFamily(Process process)
    {
        _process = process;
        if (!OperatingSystem.IsWindows()) return;
        _job = CreateJobObject(0, 0);
        Limits limits = new() { LimitFlags = EndOnClose };
        if (_job != 0 && (!SetInformationJobObject(_job, ExtendedLimits, &limits, (uint)sizeof(Limits)) || !AssignProcessToJobObject(_job, process.Handle)))
        {
            CloseHandle(_job); // it has ended already, or the system refuses: then the program alone is counted
            _job = 0;
        }
    }

    /// <summary>Bytes in use; on Windows the most so far.</summary>
    public long Bytes()
    {
        if (_job != 0)
        {
            Limits limits;
            if (QueryInformationJobObject(_job, ExtendedLimits, &limits, (uint)sizeof(Limits), 0)) return (long)limits.PeakJobMemory;
        }
        try
        {
            return OperatingSystem.IsLinux() ? Tree(_process.Id) : Alone();
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException or Win32Exception)
        {
            return 0; // it ended between two questions
        }
    }

    private long Alone()
    {
        _process.Refresh();
        return _process.HasExited ? 0 : _process.WorkingSet64;
    }

    private static long Tree(int id)
    {
        string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/");
        if (!File.Exists(folder + "statm")) return 0;
        long bytes = long.Parse(File.ReadAllText(folder + "statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        foreach (string task in Directory.GetDirectories(folder + "task"))
        {
            string children = Path.Combine(task, "children");
            if (!File.Exists(children)) continue; // a kernel without this list: the program alone
            foreach (string child in File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries)) bytes += Tree(int.Parse(child, CultureInfo.InvariantCulture));
        }
        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_job != 0) CloseHandle(_job);
    }

    [LibraryImport("kernel32.dll", EntryPoint = "CreateJobObjectW")]
    private static partial nint CreateJobObject(nint security, nint name);

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetInformationJobObject(nint job, int what, Limits* limits, uint length);

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool QueryInformationJobObject(nint job, int what, Limits* limits, uint length, nint returned);

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AssignProcessToJobObject(nint job, nint process);

    [LibraryImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CloseHandle(nint handle);

    // JOBOBJECT_EXTENDED_LIMIT_INFORMATION
    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public long ProcessTime;
        public long JobTime;
        public uint LimitFlags;
        public nuint LeastWorkingSet;
        public nuint MostWorkingSet;
        public uint MostProcesses;
        public nuint Affinity;
        public uint Priority;
        public uint Scheduling;
        public fixed ulong Transfers[6];
        public nuint ProcessMemory;
        public nuint JobMemory;
        public nuint PeakProcessMemory;
        public nuint PeakJobMemory;
    }
}
