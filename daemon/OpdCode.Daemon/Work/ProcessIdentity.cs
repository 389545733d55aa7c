using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace OpdCode.Daemon.Work;

/// <summary>
/// A process that cannot be mistaken for a later one with the same number: its id and when it was born. On Linux birth
/// is counted in ticks since a named boot, so that a clock that is set does not change it.
/// </summary>
/// <param name="Id">The process id.</param>
/// <param name="Birth">When it was started, in the words of the system.</param>
internal sealed record ProcessIdentity(int Id, string Birth)
{
    // Elsewhere the start is a time of day that the system may round differently from one question to the next.
    private static readonly TimeSpan s_rounding = TimeSpan.FromSeconds(2);

    private static readonly string s_boot = Boot(); // before Current, which needs it

    /// <summary>This process.</summary>
    public static ProcessIdentity Current { get; } = new(Environment.ProcessId, BirthOf(Environment.ProcessId) ?? "");

    /// <summary>Whether this very process still runs; one that has ended and was not yet collected does not.</summary>
    public bool IsAlive => BirthOf(Id) is { } birth && Same(birth, Birth);

    /// <summary>When the process of that id was born; null when there is none.</summary>
    public static string? BirthOf(int id) => OperatingSystem.IsLinux() ? LinuxBirth(id) : StartTime(id);

    /// <summary>Ends the process if it is still the one meant.</summary>
    public void Kill()
    {
        if (!IsAlive) return;
        try
        {
            using var process = Process.GetProcessById(Id);
            process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It ended by itself in the meantime.
        }
    }

    private static bool Same(string birth, string other) => birth == other
        || (long.TryParse(birth, CultureInfo.InvariantCulture, out long a) && long.TryParse(other, CultureInfo.InvariantCulture, out long b) && TimeSpan.FromTicks(Math.Abs(a - b)) <= s_rounding);

    private static string? LinuxBirth(int id)
    {
        try
        {
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            // The name, in brackets, may hold spaces and brackets itself: count from behind it.
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : $"{s_boot}/{fields[19]}";
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static string? StartTime(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.HasExited ? null : process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }

    private static string Boot()
    {
        const string File = "/proc/sys/kernel/random/boot_id";
        return OperatingSystem.IsLinux() && System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File).Trim() : "";
    }
}
