using System.Text.Json;
using OpdCode.Daemon.Work;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// What the plain files of one run folder say, kept up to date: only what was appended is read again. Nothing here is
/// known from anywhere but the folder.
/// </summary>
internal sealed class RunFolderReader(string folder)
{
    private const int ListedLines = 5, ListedWidth = 300;
    private static readonly string[] s_life = ["started", "resumed", "paused", "stopped", "aborted", "finished", "failed", "interrupted", "imported"];
    private static readonly string[] s_files = ["recipe.json", RunFiles.Request, "events.jsonl", "metrics.jsonl", RunFiles.Worker, RunFiles.User, RunFiles.Failure, RunFiles.Evaluations];

    private readonly LineTail _events = new(Path.Combine(folder, "events.jsonl"));
    private readonly MetricTail _metrics = new(folder);
    private LifeEvent? _life;
    private DateTimeOffset? _started;
    private bool _imported;
    private RecipeFacts? _recipe;
    private string _recipeStamp = "";
    private long? _bytes;

    /// <summary>The folder.</summary>
    public string Folder { get; } = folder;

    /// <summary>Whether a folder is that of a run.</summary>
    public static bool IsRun(string folder) => File.Exists(Path.Combine(folder, "recipe.json")) || File.Exists(Path.Combine(folder, RunFiles.Request))
        || File.Exists(Path.Combine(folder, "events.jsonl")) || File.Exists(Path.Combine(folder, "metrics.jsonl"));

    /// <summary>Changes whenever one of the files does: lengths and times of all.</summary>
    public string Stamp() => string.Join('|', s_files.Select(StampOf));

    /// <summary>The process that computes, or did; null without one.</summary>
    public WorkerRecord? Worker() => SmallFile.Read<WorkerRecord>(Path.Combine(Folder, RunFiles.Worker));

    /// <summary>The last event of the run's life; null before the first.</summary>
    public LifeEvent? LastLifeEvent()
    {
        ReadEvents();
        return _life;
    }

    /// <summary>Held-out accuracy by step.</summary>
    public IReadOnlyDictionary<int, double> Accuracies()
    {
        _metrics.Refresh();
        return _metrics.Accuracies;
    }

    /// <summary>Step of the newest complete checkpoint; null without one.</summary>
    public int? LatestCheckpoint() => CheckpointList.Steps(Folder) is [.., int last] ? last : null;

    /// <summary>The run as it is.</summary>
    /// <param name="queuePosition">Its place in the queue; null when not queued.</param>
    /// <param name="now">The time.</param>
    public CatalogueEntry Read(int? queuePosition, DateTimeOffset now)
    {
        string stamp = Stamp(); // before the files, so that what comes meanwhile is read the next time
        ReadEvents();
        _metrics.Refresh();
        RecipeFacts recipe = Recipe();
        WorkerRecord? worker = Worker();
        RunUser user = SmallFile.Read<RunUser>(Path.Combine(Folder, RunFiles.User)) ?? new RunUser();
        bool alive = worker?.IsAlive(now) == true;
        RunState state = StateOf(_life?.Event, worker, alive, queuePosition is not null);
        bool ended = RunLife.IsEnded(state);
        if (!ended) _bytes = null;
        else _bytes ??= FolderBytes();
        int steps = Math.Max(recipe.Steps, _metrics.Step);
        bool orphaned = worker is not null && !alive && !HasEnded(_life) && state != RunState.Queued;
        return new CatalogueEntry(new Run
        {
            Id = Path.GetFileName(Folder),
            Folder = Folder,
            Name = user.Name ?? recipe.Name ?? Path.GetFileName(Folder),
            RecipePath = recipe.Path,
            Method = recipe.Method,
            State = state,
            Step = _metrics.Step,
            Steps = steps,
            Created = recipe.Created ?? _started ?? new DateTimeOffset(Directory.GetCreationTimeUtc(Folder), TimeSpan.Zero),
            Started = _started ?? recipe.Started,
            Ended = ended ? _life?.Time ?? worker?.Time : null,
            SecondsLeft = RunLife.IsActive(state) && state != RunState.Paused && _metrics.SecondsPerStep is double s ? s * (steps - _metrics.Step) : null,
            Latest = new Dictionary<string, double>(_metrics.Latest),
            AccuracyBefore = _metrics.AccuracyBefore,
            WorkerProcess = alive && !ended ? worker!.Process : null,
            QueuePosition = queuePosition,
            Failure = state is RunState.Failed or RunState.Interrupted ? Failure() : null,
            Starred = user.Starred,
            Archived = user.Archived,
            Note = user.Note,
            FolderBytes = _bytes,
            Imported = _imported,
        }) { Stamp = stamp, Device = recipe.Device, Alive = alive, IsOrphaned = orphaned };
    }

    /// <summary>Whether an event is the last word about a run.</summary>
    internal static bool HasEnded(LifeEvent? life) => life?.Event is "finished" or "failed" or "stopped" or "aborted" or "interrupted" or "imported";

    /// <summary>The state that the files tell.</summary>
    internal static RunState StateOf(string? life, WorkerRecord? worker, bool alive, bool queued)
    {
        if (alive) return worker!.State;
        if (queued) return RunState.Queued;
        return life switch
        {
            "finished" or "imported" => RunState.Completed,
            "failed" => RunState.Failed,
            "stopped" => RunState.Stopped,
            "aborted" => RunState.Aborted,
            "interrupted" => RunState.Interrupted,
            // The last word was that it goes on, and nobody goes on with it.
            _ when worker?.State == RunState.Aborting => RunState.Aborted,
            null when worker is null => RunState.Aborted, // asked for, never started, and in no queue
            "paused" when worker is null => RunState.Stopped, // saved, by `opdcode run`
            _ => RunState.Interrupted,
        };
    }

    private RunFailure? Failure()
    {
        RunFailure? failure = SmallFile.Read<RunFailure>(Path.Combine(Folder, RunFiles.Failure));
        if (failure is null && _life is { Event: "failed", Message: { } message })
            failure = new RunFailure { Code = _life.Code ?? ErrorCodes.Unexpected, Message = message, LogTail = LogTail.Of(Folder), Checkpoint = LatestCheckpoint() };
        // A list of many failed runs is a list, and not all of their logs.
        return failure is null ? null : failure with { LogTail = [.. failure.LogTail.TakeLast(ListedLines).Select(line => line.Length <= ListedWidth ? line : line[..ListedWidth] + "…")] };
    }

    private void ReadEvents()
    {
        if (_events.WasCut)
        {
            _events.GoTo(0);
            (_life, _started, _imported) = (null, null, false);
        }
        _events.Read(line =>
        {
            if (!TryRead(line, out RunEvent? happened) || !s_life.Contains(happened!.Event)) return;
            // A run that goes on from a checkpoint has dropped what it wrote after it.
            if (happened.Event is "started" or "resumed") _metrics.Restart();
            if (happened.Event == "started") _started ??= happened.Time;
            if (happened.Event == "imported") _imported = true;
            _life = new LifeEvent(happened.Event, happened.Time, happened.Step, happened.Code, happened.Message);
        });
    }

    private static bool TryRead(ReadOnlySpan<byte> line, out RunEvent? happened)
    {
        try
        {
            happened = JsonSerializer.Deserialize<RunEvent>(line, RunJson.Options);
            return happened is not null;
        }
        catch (JsonException)
        {
            happened = null;
            return false;
        }
    }

    private RecipeFacts Recipe()
    {
        string stamp = StampOf("recipe.json") + StampOf(RunFiles.Request);
        if (_recipe is null || stamp != _recipeStamp) _recipe = RecipeFacts.Read(Folder);
        _recipeStamp = stamp;
        return _recipe;
    }

    private long FolderBytes()
    {
        try
        {
            return new DirectoryInfo(Folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);
        }
        catch (Exception moving) when (moving is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private string StampOf(string name)
    {
        var file = new FileInfo(Path.Combine(Folder, name));
        return file.Exists ? FormattableString.Invariant($"{file.Length}:{file.LastWriteTimeUtc.Ticks}") : "-";
    }
}
