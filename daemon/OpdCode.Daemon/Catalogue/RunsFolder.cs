using System.Globalization;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// The folder that holds the run folders. What the daemon keeps beside them lies in <c>.opdcode</c>: the queue and the
/// catalogue; deleted runs lie in <c>.trash</c>.
/// </summary>
internal sealed class RunsFolder(string path)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60), s_again = TimeSpan.FromMilliseconds(15);

    /// <summary>Full path.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The file of the catalogue.</summary>
    public string CatalogueFile => System.IO.Path.Combine(Path, ".opdcode", "catalogue.db");

    /// <summary>The file of the list that the next process begins with.</summary>
    public string ListFile => System.IO.Path.Combine(Path, ".opdcode", "runs.list");

    /// <summary>The file of the index of rollouts.</summary>
    public string RolloutsFile => System.IO.Path.Combine(Path, ".opdcode", "rollouts.db");

    /// <summary>The file of the queue.</summary>
    public string QueueFile => System.IO.Path.Combine(Path, ".opdcode", "queue.json");

    /// <summary>Where deleted runs go.</summary>
    public string Trash => System.IO.Path.Combine(Path, ".trash");

    /// <summary>Names of all run folders.</summary>
    public IReadOnlyList<string> RunIds()
    {
        if (!Directory.Exists(Path)) return [];
        return [.. Directory.EnumerateDirectories(Path).Select(p => System.IO.Path.GetFileName(p)).Where(id => id[0] != '.' && RunFolderReader.IsRun(PathOf(id)))];
    }

    /// <summary>Full path of a run's folder.</summary>
    /// <exception cref="OpdException">OPD3005: the id is no name of a folder.</exception>
    public string PathOf(string id)
    {
        // An id comes from outside: it is the name of a folder and nothing else.
        if (id.Length == 0 || id[0] == '.' || id != System.IO.Path.GetFileName(id) || id.AsSpan().ContainsAny(':', '/', '\\'))
            throw new OpdException(ErrorCodes.RunNotFound, $"\"{id}\" is not the id of a run. Ids are names of folders in {Path}.");
        return System.IO.Path.Combine(Path, id);
    }

    /// <summary>Makes a folder for a new run.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="now">The local time, which is part of its name.</param>
    /// <exception cref="OpdException">OPD3003: the folder refuses.</exception>
    public string Make(string name, DateTimeOffset now)
    {
        string id = FolderName(name) + now.ToString("-yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        try
        {
            Directory.CreateDirectory(Path);
            for (int i = 1; ; i++)
            {
                string place = System.IO.Path.Combine(Path, i == 1 ? id : FormattableString.Invariant($"{id}-{i}"));
                // Made aside and renamed: of two that make the same one at the same time one is refused, and takes the next.
                if (Directory.Exists(place)) continue;
                string aside = System.IO.Path.Combine(Path, FormattableString.Invariant($".new-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}"));
                Directory.CreateDirectory(aside);
                try
                {
                    Directory.Move(aside, place);
                    return place;
                }
                catch (IOException) when (Directory.Exists(place))
                {
                    Directory.Delete(aside);
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{Path} cannot be written: {failure.Message} Choose another folder for runs.", failure);
        }
    }

    /// <summary>What is decided about several runs is decided by one process at a time.</summary>
    /// <exception cref="OpdException">OPD3003: the folder refuses, or another process keeps the lock for a minute.</exception>
    public Task<IDisposable> Lock(CancellationToken cancel) => Lock("lock", cancel);

    /// <summary>The file of the catalogue is opened by one process at a time. Nobody who decides waits for it.</summary>
    /// <exception cref="OpdException">OPD3003: the folder refuses, or another process keeps the lock for a minute.</exception>
    public Task<IDisposable> LockCatalogue(CancellationToken cancel) => Lock("catalogue.lock", cancel);

    /// <summary>The index of rollouts is opened by one process at a time, and nobody who wants the list of runs waits for it.</summary>
    /// <exception cref="OpdException">OPD3003: the folder refuses, or another process keeps the lock for a minute.</exception>
    public Task<IDisposable> LockRollouts(CancellationToken cancel) => Lock("rollouts.lock", cancel);

    private async Task<IDisposable> Lock(string name, CancellationToken cancel)
    {
        string file = System.IO.Path.Combine(Path, ".opdcode", name);
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            }
            catch (IOException failure) when (File.Exists(file))
            {
                if (TimeProvider.System.GetElapsedTime(started) > s_patience)
                    throw new OpdException(ErrorCodes.RunFolder, $"{file} is held by another process for {s_patience.TotalSeconds:F0} s: {failure.Message} End that process.", failure);
                await Task.Delay(s_again, cancel);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new OpdException(ErrorCodes.RunFolder, $"{Path} cannot be written: {failure.Message} Choose another folder for runs.", failure);
            }
        }
    }

    // What every file system takes, Windows' reserved names included because a time follows.
    private static string FolderName(string name)
    {
        string kept = string.Concat(name.Trim().Select(c => char.IsControl(c) || c is '/' or '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|' ? '-' : c)).Trim('.', ' ');
        return kept.Length == 0 ? "run" : kept.Length <= 80 ? kept : kept[..80];
    }
}
