namespace OpdCode.Daemon.Work;

/// <summary>Whether someone watches a run in a terminal.</summary>
internal enum Attendance
{
    /// <summary><c>opdcode work</c>: started by a daemon, or by nobody who is still there.</summary>
    Background,

    /// <summary><c>opdcode run</c>: ends with its terminal.</summary>
    Foreground,
}
