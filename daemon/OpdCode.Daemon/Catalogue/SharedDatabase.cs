using System.Text.Json;
using LiteDB;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// A database beside the run folders that says nothing which they do not say. It is opened for a moment at a time, under a
/// lock of its own, so that any number of daemons can share it; one that is damaged is removed, to be made anew.
/// </summary>
/// <param name="path">Its file.</param>
/// <param name="hold">Waits until no other process has it open.</param>
internal sealed class SharedDatabase(string path, Func<CancellationToken, Task<IDisposable>> hold)
{
    /// <summary>Whether there is one.</summary>
    public bool Exists => File.Exists(path);

    /// <summary>When it was last written, in UTC.</summary>
    public DateTime Written => File.GetLastWriteTimeUtc(path);

    /// <summary>When it was last written when it was used here, in UTC; or what a copy of it says that somebody takes over instead of reading it.</summary>
    public DateTime Seen { get; set; }

    /// <summary>Whether there is one that somebody wrote since it was used here.</summary>
    public bool HasNews => Exists && Written != Seen;

    /// <summary>Reads or writes; the file is made when there is none.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="damaged">The answer when it turns out to be damaged; it is gone then.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="OpdException">OPD3003: the disk refuses, or another process keeps it for a minute.</exception>
    public async Task<T> Use<T>(Func<LiteDatabase, T> work, Func<T> damaged, CancellationToken cancel)
    {
        using IDisposable held = await hold(cancel);
        try
        {
            T result;
            // Names of folders may differ in nothing but the size of a letter.
            using (var database = new LiteDatabase(new ConnectionString { Filename = path, Connection = ConnectionType.Direct, Collation = Collation.Binary })) result = work(database);
            Seen = Written; // closing it writes
            return result;
        }
        catch (Exception damage) when (damage is LiteException or AggregateException or InvalidCastException or JsonException or NullReferenceException or ArgumentException or IndexOutOfRangeException or InvalidDataException or EndOfStreamException)
        {
            // Nothing is in it that the folders do not say.
            Drop();
            return damaged();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"The catalogue {path} cannot be used: {failure.Message} Check the disk and whose file it is.", failure);
        }
    }

    /// <summary>Removes the file.</summary>
    public async Task Delete(CancellationToken cancel)
    {
        if (!Exists) return;
        using IDisposable held = await hold(cancel);
        Drop();
    }

    private void Drop()
    {
        File.Delete(path);
        File.Delete(Path.ChangeExtension(path, null) + "-log.db");
    }
}
