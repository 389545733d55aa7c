using System.Runtime.InteropServices;
using OpdCode.Protocol;

namespace OpdCode.Models.Weights;

/// <summary>
/// Writes files that are either complete or not there: each is written beside its place under another name and flushed
/// to the disk; only when all of a set are, they are renamed. This is how every file is written that is not appended to.
/// </summary>
public sealed partial class WholeFile : IDisposable
{
    // Two seconds: what reads a file of a run, a virus scanner for one, is done by then.
    private const int MostAttempts = 200;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);
    private static int s_written;

    // One name for all that is left of a killed process, so that the next one writes over it.
    private readonly string _suffix;
    private readonly List<string> _partials = [];

    /// <summary>A set of files that nobody else writes at the same time.</summary>
    public WholeFile() : this(".partial")
    {
    }

    private WholeFile(string suffix) => _suffix = suffix;

    /// <summary>Writes one file in one go. Several may write the same one at the same time: each writes a whole one, and one of them stays.</summary>
    /// <param name="path">Full path; its folder is made when missing.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="OpdException">OPD3003 when the disk is full, read-only or refuses otherwise; what was there is there still.</exception>
    public static void Replace(string path, Action<Stream> write)
    {
        using WholeFile file = Alone();
        file.Write(path, write);
        file.Commit();
    }

    /// <summary>As <see cref="Replace"/>, for what is worth nothing after a power failure: it is not flushed to the disk.</summary>
    /// <param name="path">Full path; its folder is made when missing.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="OpdException">OPD3003.</exception>
    public static void ReplaceForNow(string path, Action<Stream> write)
    {
        using WholeFile file = Alone();
        file.WriteAside(path, write, stream => stream.Flush());
        file.Commit();
    }

    /// <summary>As <see cref="Replace"/>, unless there is a file of that name.</summary>
    /// <param name="path">Full path; its folder is made when missing.</param>
    /// <param name="write">Writes the content.</param>
    /// <returns>Whether it was written.</returns>
    /// <exception cref="OpdException">OPD3003.</exception>
    public static bool TryCreate(string path, Action<Stream> write)
    {
        if (File.Exists(path)) return false;
        using WholeFile file = Alone();
        file.Write(path, write);
        try
        {
            NameOnce(path + file._suffix, path);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false; // somebody was faster
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, failure);
        }
    }

    /// <summary>Writes and flushes one file; it appears under its name with <see cref="Commit"/>.</summary>
    /// <param name="path">Full path; its folder is made when missing.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="OpdException">OPD3003 when the disk is full, read-only or refuses otherwise.</exception>
    public void Write(string path, Action<Stream> write) => WriteAside(path, write, stream => stream.Flush(flushToDisk: true));

    /// <summary>Gives all files their names, in the order in which they were written, replacing what was there.</summary>
    /// <exception cref="OpdException">OPD3003 when the disk refuses.</exception>
    public void Commit()
    {
        while (_partials.Count > 0)
        {
            string path = _partials[0];
            Guard(path, () => Move(path + _suffix, path));
            _partials.RemoveAt(0);
        }
    }

    /// <summary>Deletes a file that the committed set replaces.</summary>
    internal static void Remove(string path) => Guard(path, () => File.Delete(path));

    /// <summary>Removes what was written but not committed.</summary>
    public void Dispose()
    {
        foreach (string path in _partials)
        {
            try
            {
                File.Delete(path + _suffix);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // The disk refuses; the error on its way to the user says so already. The next save overwrites the rest.
            }
        }
        _partials.Clear();
    }

    private static WholeFile Alone() => new(FormattableString.Invariant($".{Environment.ProcessId}-{Interlocked.Increment(ref s_written)}.partial"));

    private void WriteAside(string path, Action<Stream> write, Action<FileStream> flush) => Guard(path, () =>
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var stream = new FileStream(path + _suffix, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
        _partials.Add(path);
        write(stream);
        flush(stream);
    });

    // On Windows a file that somebody reads at this moment cannot be replaced until they are done.
    private static void Move(string aside, string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                File.Move(aside, path, overwrite: true);
                return;
            }
            catch (Exception failure) when (OperatingSystem.IsWindows() && attempt < MostAttempts && failure is IOException or UnauthorizedAccessException)
            {
                Thread.Sleep(s_pause);
            }
        }
    }

    // On Windows a move that may not replace anything is one operation; elsewhere it looks first and then renames, and what was
    // made in between is lost. A second name for the same file is one operation there, and fails when the name is taken; where a
    // file system knows no second names, the move has to do.
    private static void NameOnce(string aside, string path)
    {
        if (OperatingSystem.IsWindows() || Link(aside, path) != 0) File.Move(aside, path, overwrite: false);
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string added);

    private static void Guard(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, failure);
        }
    }

    private static OpdException Refused(string path, Exception failure) => new(ErrorCodes.RunFolder,
        $"{path} cannot be written or replaced: {failure.Message} Nothing half-written is left. Free some space, close what reads the file, or choose another folder.", failure);
}
