using System.Runtime.CompilerServices;

namespace OpdCode.Daemon;

/// <summary>How methods are compiled that somebody waits for soon after a start.</summary>
internal static class Compiled
{
    /// <summary>
    /// For loops that go through every number of a page or every run of a list. The runtime compiles a method three times,
    /// the last time when it has been called often and the process has had a quiet moment, and counts in between: the first
    /// pages after a start, which are those that somebody waits for, took three times as long. These are compiled once and well.
    /// </summary>
    public const MethodImplOptions AtOnce = MethodImplOptions.AggressiveOptimization;
}
