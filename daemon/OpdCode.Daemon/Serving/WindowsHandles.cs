using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpdCode.Daemon.Serving;

/// <summary>Standard streams of Windows: the process's handles, which .NET and new children use, and the C runtime's descriptors, which native libraries print to.</summary>
internal static partial class WindowsHandles
{
    private const int Input = -10, Output = -11, Error = -12, SameAccess = 2, Text = 0x4000;

    /// <summary>Duplicates the three handles without inheritance, then leads the output of everybody to <paramref name="stray"/> and their input to nothing.</summary>
    public static (Stream FromClient, Stream ToClient, Stream Log) Replace(nint stray)
    {
        // Copies first: redirecting the C runtime's descriptors closes what they had.
        var streams = (Moved(Input, FileAccess.Read), Moved(Output, FileAccess.Write), Moved(Error, FileAccess.Write));
        using FileStream nothing = new("NUL", FileMode.Open, FileAccess.Read);
        nint none = Copy(nothing.SafeFileHandle.DangerousGetHandle(), isInherited: true), output = Copy(stray, isInherited: true);
        SetStdHandle(Input, none);
        SetStdHandle(Output, output);
        SetStdHandle(Error, output);
        // A copy of its own for the C runtime, which closes it when it is done. A process without descriptors (a GUI host) has nothing to redirect.
        int descriptor = OpenDescriptor(Copy(stray, isInherited: false), Text);
        if (descriptor >= 0)
        {
            _ = Dup2(descriptor, 1);
            _ = Dup2(descriptor, 2);
        }
        // The C runtime sets the process's handle with its descriptor.
        SetStdHandle(Output, output);
        SetStdHandle(Error, output);
        return streams;
    }

    private static FileStream Moved(int which, FileAccess access) =>
        new(new SafeFileHandle(Copy(GetStdHandle(which), isInherited: false), ownsHandle: true), access, bufferSize: 0);

    private static nint Copy(nint handle, bool isInherited)
    {
        nint process = GetCurrentProcess();
        return DuplicateHandle(process, handle, process, out nint copy, 0, isInherited, SameAccess)
            ? copy
            : throw new IOException($"the standard streams cannot be taken: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial nint GetStdHandle(int which);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetStdHandle(int which, nint handle);

    [LibraryImport("kernel32")]
    private static partial nint GetCurrentProcess();

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool DuplicateHandle(nint fromProcess, nint handle, nint toProcess, out nint copy, uint access, [MarshalAs(UnmanagedType.Bool)] bool isInherited, uint options);

    [LibraryImport("ucrtbase", EntryPoint = "_open_osfhandle")]
    private static partial int OpenDescriptor(nint handle, int flags);

    [LibraryImport("ucrtbase", EntryPoint = "_dup2")]
    private static partial int Dup2(int from, int to);
}
