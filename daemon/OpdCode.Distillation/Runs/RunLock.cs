using OpdCode.Protocol;

namespace OpdCode.Distillation.Runs;

/// <summary>
/// Only one process writes into a run folder: it holds <c>run.lock</c> open. The system lets go of it when the process
/// ends, however it ends, so a lock is never stale.
/// </summary>
public sealed class RunLock : IDisposable
{
    private const string FileName = "run.lock";
    private readonly FileStream _stream;

    private RunLock(FileStream stream) => _stream = stream;

    /// <summary>Takes the lock of a run folder.</summary>
    /// <param name="folder">The folder, which must exist.</param>
    /// <exception cref="OpdException">OPD3011: another process writes into it. OPD3003: the folder cannot be written.</exception>
    public static RunLock Take(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            return new RunLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{folder} cannot be written: {failure.Message} Choose another folder, or change its rights.", failure);
        }
        catch (IOException failure) when (failure is not (FileNotFoundException or DirectoryNotFoundException) && File.Exists(path) && IsSharing(failure))
        {
            throw new OpdException(ErrorCodes.RunBusy, $"{folder}: another process is writing this run. Wait until it ends, or stop it; two at once would mix their lines.", failure);
        }
        catch (IOException failure)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{folder} cannot be written: {failure.Message}", failure);
        }
    }

    /// <summary>Whether a process is writing into a run folder now.</summary>
    public static bool IsTaken(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return false;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None, 1);
            return false;
        }
        catch (IOException failure) when (IsSharing(failure))
        {
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false; // gone, or not ours to read: then nothing of this user writes into it
        }
    }

    // ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION; elsewhere the errno of a refused flock (EWOULDBLOCK: 11 on Linux, 35 on macOS).
    private static bool IsSharing(IOException failure) => OperatingSystem.IsWindows()
        ? (failure.HResult & 0xFFFF) is 32 or 33
        : failure.HResult is 11 or 35;

    /// <inheritdoc />
    public void Dispose() => _stream.Dispose();
}
