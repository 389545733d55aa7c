using System.Runtime.InteropServices;

namespace OpdCode.Models.Native;

/// <summary>
/// Lets libtorch's threads sleep instead of spinning between two operations. A spinning thread takes a core from
/// everybody else: what that costs where something else is busy, and what sleeping costs where nothing is, stands in LOG.md.
/// </summary>
internal static partial class ThreadWaiting
{
    private const string Variable = "OMP_WAIT_POLICY";

    /// <summary>Sets the policy for the OpenMP runtime, unless the user has set one. Must happen before libtorch is loaded, which reads it once.</summary>
    public static void PreferSleeping()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not null) return;
        if (OperatingSystem.IsWindows())
            Environment.SetEnvironmentVariable(Variable, "passive");
        else
            _ = SetNativeVariable(Variable, "passive", 0); // on Unix .NET keeps a copy of the environment, which native code does not see
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNativeVariable(string name, string value, int overwrite);
}
