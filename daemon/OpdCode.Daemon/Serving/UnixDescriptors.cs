using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpdCode.Daemon.Serving;

/// <summary>Standard streams of Unix as file descriptors.</summary>
internal static partial class UnixDescriptors
{
    private const int DuplicateCloseOnExecLinux = 1030, DuplicateCloseOnExecMac = 67, ReadOnly = 0;

    /// <summary>Moves 0, 1 and 2 away, out of reach of children; puts nothing in the place of 0 and <paramref name="stray"/> in that of 1 and 2.</summary>
    public static (Stream FromClient, Stream ToClient, Stream Log) Replace(int stray)
    {
        var streams = (Moved(0, FileAccess.Read), Moved(1, FileAccess.Write), Moved(2, FileAccess.Write));
        int nothing = Check(Open("/dev/null", ReadOnly));
        Check(Dup2(nothing, 0));
        Check(Dup2(stray, 1));
        Check(Dup2(stray, 2));
        if (nothing > 2) _ = Close(nothing);
        return streams;
    }

    private static FileStream Moved(int descriptor, FileAccess access)
    {
        int moved = Check(Fcntl(descriptor, OperatingSystem.IsMacOS() ? DuplicateCloseOnExecMac : DuplicateCloseOnExecLinux, 3));
        return new FileStream(new SafeFileHandle(moved, ownsHandle: true), access, bufferSize: 0);
    }

    private static int Check(int result) => result >= 0 ? result : throw new IOException($"the standard streams cannot be taken: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Dup2(int from, int to);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
