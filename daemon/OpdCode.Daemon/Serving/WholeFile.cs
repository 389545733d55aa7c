using OpdCode.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>Writes files in one go: nobody sees half of one, and a failure leaves what was there.</summary>
internal static class WholeFile
{
    /// <summary>Writes a file, replacing one that is there.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="OpdException">OPD1010: it cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string unfinished = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (FileStream stream = File.Create(unfinished)) write(stream);
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.FileNotWritten, $"{path} cannot be written: {failure.Message} Choose another place.", failure);
        }
    }
}
