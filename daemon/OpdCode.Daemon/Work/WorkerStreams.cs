using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Text;
using OpdCode.Daemon.Serving;

namespace OpdCode.Daemon.Work;

/// <summary>
/// The standard streams of a worker: everything that anybody prints goes to the run's log, and no pipe of whoever started
/// it stays open. On Unix the worker leaves the session, too, so that neither a terminal nor an editor takes it along.
/// </summary>
internal static partial class WorkerStreams
{
    private const int WriteAppendLinux = 0x1 | 0x400, WriteAppendMac = 0x1 | 0x8, ReadOnly = 0;

    /// <summary>Leads stdout and stderr, native output included, to the end of a file.</summary>
    /// <returns>A writer to the same place.</returns>
    public static TextWriter Take(string file)
    {
        using (new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) { }
        if (OperatingSystem.IsWindows()) TakeWindows(file);
        else TakeUnix(file);
        return new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
    }

    [SupportedOSPlatform("windows")]
    private static void TakeWindows(string file)
    {
        // Opened for appending alone, so that every write goes to the end. What takes its place in the process are copies.
        using FileStream log = new FileInfo(file).Create(FileMode.OpenOrCreate, FileSystemRights.AppendData | FileSystemRights.Synchronize, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.None, null);
        (Stream input, Stream output, Stream error) = WindowsHandles.Replace(log.SafeFileHandle.DangerousGetHandle());
        foreach (Stream given in (Stream[])[input, output, error]) given.Dispose();
    }

    private static void TakeUnix(string file)
    {
        _ = LeaveSession();
        // Opened below .NET: every write must go to the end, whoever writes.
        int log = Open(file, OperatingSystem.IsMacOS() ? WriteAppendMac : WriteAppendLinux), nothing = Open("/dev/null", ReadOnly);
        if (log < 0 || nothing < 0) throw new IOException($"{file} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        _ = Dup2(nothing, 0);
        _ = Dup2(log, 1);
        _ = Dup2(log, 2);
        if (log > 2) _ = Close(log);
        if (nothing > 2) _ = Close(nothing);
    }

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int LeaveSession();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Dup2(int from, int to);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
