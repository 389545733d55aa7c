using System.Collections.Concurrent;
using System.Globalization;
using LiteDB;
using OpdCode.Daemon.Catalogue;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>
/// From every recorded rollout to its place in a file, with the numbers that lists are ordered by, kept beside the run
/// folders: reading all rollouts of a long run to find the worst ones takes a minute, reading this takes a moment. One
/// document a file of rollouts; a run that goes on adds documents and changes none.
/// </summary>
internal sealed class RolloutIndex(RunsFolder runs)
{
    private const string Collection = "steps_1";
    private readonly SharedDatabase _database = new(runs.RolloutsFile, runs.LockRollouts);

    /// <summary>What is known of a run's files, by step.</summary>
    /// <exception cref="OpdException">OPD3003: the disk refuses.</exception>
    public async Task<IReadOnlyDictionary<int, IndexedStep>> Load(string runId, CancellationToken cancel)
    {
        if (!_database.Exists) return new Dictionary<int, IndexedStep>();
        return await _database.Use<IReadOnlyDictionary<int, IndexedStep>>(
            database => OfRun(database.GetCollection(Collection), runId).Select(d => d["rows"].AsBinary).ToArray().AsParallel().Select(IndexedStep.Read).ToDictionary(s => s.Step),
            () => new Dictionary<int, IndexedStep>(), cancel);
    }

    /// <summary>Keeps what was read of a run's files.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="read">Files that are new or changed.</param>
    /// <param name="gone">Steps that have no file any more.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="OpdException">OPD3003: the disk refuses.</exception>
    public Task Write(string runId, IReadOnlyCollection<IndexedStep> read, IReadOnlyCollection<int> gone, CancellationToken cancel) => _database.Use(database =>
    {
        ILiteCollection<BsonDocument> steps = database.GetCollection(Collection);
        database.BeginTrans();
        steps.Upsert(read.Select(step => new BsonDocument { ["_id"] = Id(runId, step.Step), ["rows"] = step.ToBytes() }));
        foreach (int step in gone) steps.Delete(Id(runId, step));
        database.Commit();
        return true;
    }, () => false, cancel);

    /// <summary>Makes it anew from the files of all runs. A file that is damaged is left out: who opens it is told.</summary>
    /// <exception cref="OpdException">OPD3003: the disk refuses.</exception>
    public async Task Rebuild(CancellationToken cancel)
    {
        await _database.Delete(cancel);
        foreach (string id in runs.RunIds())
        {
            string folder = runs.PathOf(id);
            if (!Directory.Exists(Path.Combine(folder, "rollouts"))) continue;
            var read = new ConcurrentBag<IndexedStep>();
            Parallel.ForEach(RunReader.Open(folder).RolloutSteps(), new ParallelOptions { CancellationToken = cancel }, step =>
            {
                if (Read(folder, step, cancel) is { } indexed) read.Add(indexed);
            });
            await Write(id, read, [], cancel);
        }
    }

    private static IndexedStep? Read(string folder, int step, CancellationToken cancel)
    {
        try
        {
            return new RolloutFile(RolloutStore.PathOf(folder, step)).ToIndex(step, cancel);
        }
        catch (OpdException)
        {
            return null;
        }
    }

    // A run's documents follow each other: no name of a folder holds a slash.
    private static IEnumerable<BsonDocument> OfRun(ILiteCollection<BsonDocument> steps, string runId) => steps.Find(Query.Between("_id", $"{runId}/", $"{runId}/~"));

    private static string Id(string runId, int step) => string.Create(CultureInfo.InvariantCulture, $"{runId}/{step:D9}");
}
