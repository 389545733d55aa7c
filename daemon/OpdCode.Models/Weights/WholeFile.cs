using OpdCode.Protocol;

namespace OpdCode.Models.Weights;

/// <summary>
/// Writes files that are either complete or not there: each is written beside its place under another name and flushed
/// to the disk; only when all of a set are, they are renamed.
/// </summary>
public sealed class WholeFile : IDisposable
{
    private const string PartialSuffix = ".partial";
    private readonly List<string> _partials = [];

    /// <summary>Writes and flushes one file; it appears under its name with <see cref="Commit"/>.</summary>
    /// <param name="path">Full path; its folder is made when missing.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="OpdException">OPD3003 when the disk is full, read-only or refuses otherwise.</exception>
    public void Write(string path, Action<Stream> write) => Guard(path, () =>
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var stream = new FileStream(path + PartialSuffix, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
        _partials.Add(path);
        write(stream);
        stream.Flush(flushToDisk: true);
    });

    /// <summary>Gives all files their names, in the order in which they were written, replacing what was there.</summary>
    /// <exception cref="OpdException">OPD3003 when the disk refuses.</exception>
    public void Commit()
    {
        while (_partials.Count > 0)
        {
            string path = _partials[0];
            Guard(path, () => File.Move(path + PartialSuffix, path, overwrite: true));
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
                File.Delete(path + PartialSuffix);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // The disk refuses; the error on its way to the user says so already. The next save overwrites the rest.
            }
        }
        _partials.Clear();
    }

    private static void Guard(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.RunFolder,
                $"{path} cannot be written or replaced: {failure.Message} Nothing half-written is left. Free some space, close what reads the file, or choose another folder.", failure);
        }
    }
}
