using System.Globalization;

namespace OpdCode.Daemon.Work;

/// <summary>How many processes the kernel has ended for lack of memory, as far as it tells: Linux only.</summary>
/// <param name="Group">In the control group of this process, the container for one; null when it does not tell.</param>
/// <param name="Machine">On the whole machine; null when it does not tell.</param>
internal sealed record KernelKills(long? Group, long? Machine)
{
    /// <summary>The counts now.</summary>
    public static KernelKills Now() => OperatingSystem.IsLinux() ? new(GroupCount(), Counter("/proc/vmstat", "oom_kill")) : new(null, null);

    private static long? GroupCount()
    {
        foreach (string line in Lines("/proc/self/cgroup"))
        {
            // Version 2: "0::/path"; version 1: "5:memory:/path".
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3) continue;
            string path = parts[2].TrimStart('/');
            string[] files = parts[1].Length == 0
                ? [$"/sys/fs/cgroup/{path}/memory.events", "/sys/fs/cgroup/memory.events"]
                : parts[1].Split(',').Contains("memory") ? [$"/sys/fs/cgroup/memory/{path}/memory.oom_control", "/sys/fs/cgroup/memory/memory.oom_control"] : [];
            foreach (string file in files)
                if (Counter(file, "oom_kill") is long count) return count;
        }
        return null;
    }

    private static long? Counter(string file, string name)
    {
        foreach (string line in Lines(file))
        {
            string[] parts = line.Split(' ');
            if (parts.Length == 2 && parts[0] == name && long.TryParse(parts[1], CultureInfo.InvariantCulture, out long count)) return count;
        }
        return null;
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
