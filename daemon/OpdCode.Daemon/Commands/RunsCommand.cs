using System.CommandLine;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Supervision;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode runs</c>: the runs of a folder, listed and steered from a terminal as an editor does.</summary>
public static class RunsCommand
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250), s_quiet = TimeSpan.FromSeconds(5);

    /// <summary>The command with its commands.</summary>
    public static Command Create() => new("runs", "List and steer runs: those of editors, of terminals, and those that ended.")
    {
        List(), Show(), Verb("pause", "Finish the step, save and hold; memory stays taken.", (runs, id, cancel) => runs.Steering.Pause(id, cancel)),
        Stop(), Verb("resume", "Go on from a pause, or from the last checkpoint when the device is free.", (runs, id, cancel) => runs.Steering.Resume(id, cancel)),
        Remove(), Rebuild(), Attach(), Export(),
    };

    private static Command List()
    {
        Option<string> folder = Folder();
        Option<string?> search = new("--search") { Description = "Words that name, recipe, method or note contain.", HelpName = "TEXT" };
        Option<bool> archived = new("--archived") { Description = "Archived ones as well." }, starred = new("--starred") { Description = "Starred ones only." }, json = CommandEdge.JsonOption();
        Command command = new("list", "The runs, the newest first.") { search, archived, starred, folder, json };
        command.SetWork(json, (parsed, _, cancel) => RunsDesk.Use(parsed.GetValue(folder)!, runs => Task.FromResult(runs.Supervisor.Catalogue.List(
            new ListRunsParams { Search = parsed.GetValue(search), IncludeArchived = parsed.GetValue(archived), StarredOnly = parsed.GetValue(starred), Limit = 10_000 })), cancel), (console, list) =>
        {
            Table table = new Table().Border(TableBorder.Simple).AddColumns("run", "state", "step", "accuracy", "created");
            foreach (Run run in list.Runs)
                table.AddRow(Markup.Escape((run.Starred ? "* " : "") + run.Id), State(run), $"{run.Step}/{run.Steps}", Accuracy(run), $"{run.Created.ToLocalTime():yyyy-MM-dd HH:mm}");
            console.Write(table);
            console.WriteLine(list.Total == 0 ? "No runs here. Give another folder with --runs." : $"{list.Total} {(list.Total == 1 ? "run" : "runs")}.");
        });
        return command;
    }

    private static Command Show()
    {
        Argument<string> id = Id();
        Option<string> folder = Folder();
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("show", "One run: state, what happened, checkpoints, and why it ended.") { id, folder, json };
        command.SetWork(json, (parsed, _, cancel) => RunsDesk.Use(Place(parsed, folder, id, out string run), runs => Task.FromResult(RunDetails.Of(runs.Supervisor.Catalogue.Require(run).Run)), cancel), (console, detail) =>
        {
            Run run = detail.Run;
            console.WriteLine($"{run.Name}: {State(run)}, step {run.Step} of {run.Steps}, accuracy {Accuracy(run)}");
            console.WriteLine($"Folder: {run.Folder}");
            if (run.RecipePath is not null) console.WriteLine($"Recipe: {run.RecipePath}");
            if (run.Note is not null) console.WriteLine($"Note: {run.Note}");
            foreach (RunEventInfo happened in detail.Events) console.WriteLine($"{happened.Time.ToLocalTime():yyyy-MM-dd HH:mm:ss}  {happened.Event,-11} step {happened.Step}  {happened.Message}");
            foreach (Checkpoint point in detail.Checkpoints) console.WriteLine($"checkpoint of step {point.Step}{(point.Best ? ", best" : "")}{(point.Latest ? ", latest" : "")}: {point.Folder}");
            if (run.Failure is not { } failure) return;
            console.WriteLine($"{failure.Code} {failure.Message}");
            foreach (string line in failure.LogTail) console.WriteLine($"  | {line}");
        });
        return command;
    }

    private static Command Stop()
    {
        Argument<string> id = Id();
        Option<string> folder = Folder();
        Option<bool> abort = new("--abort") { Description = "End at once; what was done since the last checkpoint is lost." }, json = CommandEdge.JsonOption();
        Command command = new("stop", "Finish the step, save and end; the run can be resumed.") { id, abort, folder, json };
        command.SetWork(json, (parsed, _, cancel) => RunsDesk.Use(Place(parsed, folder, id, out string run),
            runs => parsed.GetValue(abort) ? runs.Steering.Abort(run, cancel) : runs.Steering.StopAndSave(run, cancel), cancel), Print);
        return command;
    }

    private static Command Remove()
    {
        Argument<string> id = Id();
        Option<string> folder = Folder();
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("rm", "Move the folder of a run that is not active into the trash.") { id, folder, json };
        command.SetWork(json, (parsed, _, cancel) => RunsDesk.Use(Place(parsed, folder, id, out string run), runs => runs.Steering.Delete(run, cancel), cancel),
            (console, deleted) => console.WriteLine($"{deleted.RunId} is in {deleted.TrashFolder}; moving it back brings it back."));
        return command;
    }

    private static Command Rebuild()
    {
        Option<string> folder = Folder();
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("rebuild", "Make the catalogue anew from the run folders. Stars and notes are kept: they lie in the folders.") { folder, json };
        command.SetWork(json, (parsed, _, cancel) => RunsDesk.Use(parsed.GetValue(folder)!, async runs =>
        {
            await runs.Supervisor.Catalogue.Rebuild(cancel);
            return runs.Supervisor.Catalogue.List(new ListRunsParams { IncludeArchived = true, Limit = 10_000 });
        }, cancel), (console, list) => console.WriteLine($"{list.Total} {(list.Total == 1 ? "run" : "runs")} in the catalogue."));
        return command;
    }

    private static Command Attach()
    {
        Argument<string> id = Id();
        Option<string> folder = Folder();
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("attach", "Follow a run until it ends. Ctrl+C leaves it going on.") { id, folder, json };
        command.SetWork(json, (parsed, console, cancel) => RunsDesk.Use(Place(parsed, folder, id, out string run), runs => Follow(runs, run, console, cancel), cancel), Print);
        return command;
    }

    private static async Task<Run> Follow(RunsDesk runs, string id, IAnsiConsole console, CancellationToken cancel)
    {
        long last = 0;
        (RunState State, double? Accuracy) told = default;
        while (true)
        {
            await runs.Supervisor.Tick(cancel);
            runs.Supervisor.Catalogue.Refresh(id);
            Run run = runs.Supervisor.Catalogue.Require(id).Run;
            double? accuracy = run.Latest.TryGetValue("accuracy", out double value) ? value : null;
            if (last == 0 || told != (run.State, accuracy) || TimeProvider.System.GetElapsedTime(last) >= s_quiet)
            {
                string loss = run.Latest.TryGetValue("loss", out double l) ? $"  loss {l:F4}" : "";
                string left = run.SecondsLeft is double s ? $"  {TimeSpan.FromSeconds(Math.Min(s, 1e9)):d\\.hh\\:mm\\:ss} left" : "";
                console.WriteLine($"{State(run)}  step {run.Step}/{run.Steps}{loss}  accuracy {Accuracy(run)}{left}");
                (last, told) = (TimeProvider.System.GetTimestamp(), (run.State, accuracy));
            }
            if (RunLife.IsEnded(run.State)) return run;
            await Task.Delay(s_look, cancel);
        }
    }

    private static Command Export()
    {
        Argument<string> id = Id();
        Option<string> folder = Folder();
        Option<int?> step = new("--step") { Description = "Which checkpoint. Default: the latest.", HelpName = "N" };
        Option<string> kind = new("--kind") { Description = "merged: a model folder that works everywhere; adapter: the low-rank adapter alone.", HelpName = "KIND", DefaultValueFactory = _ => "merged" };
        Option<string> output = new("--out") { Description = "The folder to write; it must not exist or be empty.", HelpName = "DIR", Required = true };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("export", "Copy a checkpoint as a model folder or as an adapter.") { id, step, kind, output, folder, json };
        command.SetWork(json, (parsed, _, cancel) => RunsDesk.Use(Place(parsed, folder, id, out string name), runs =>
        {
            Run run = runs.Supervisor.Catalogue.Require(name).Run;
            int which = parsed.GetValue(step) ?? (CheckpointList.Steps(run.Folder) is [.., int latest] ? latest : 0);
            return CheckpointExport.Write(CheckpointList.PathOf(run.Folder, which), parsed.GetValue(kind)!, parsed.GetRequiredValue(output), (_, _) => { }, cancel);
        }, cancel), (console, written) => console.WriteLine($"Written to {written.Path}."));
        return command;
    }

    private static Command Verb(string name, string description, Func<RunsDesk, string, CancellationToken, Task<Run>> verb)
    {
        Argument<string> id = Id();
        Option<string> folder = Folder();
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new(name, description) { id, folder, json };
        command.SetWork(json, (parsed, _, cancel) => RunsDesk.Use(Place(parsed, folder, id, out string run), runs => verb(runs, run, cancel), cancel), Print);
        return command;
    }

    private static Argument<string> Id() => new("RUN") { Description = "The run's id (the name of its folder), or the path of its folder." };

    private static Option<string> Folder() => new("--runs") { Description = "The folder that holds the run folders.", HelpName = "DIR", DefaultValueFactory = _ => "runs" };

    // A path names a run wherever it lies.
    private static string Place(ParseResult parsed, Option<string> folder, Argument<string> id, out string run)
    {
        string given = parsed.GetRequiredValue(id);
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(given));
        bool isPath = given.AsSpan().ContainsAny(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar) && Directory.Exists(path);
        run = isPath ? Path.GetFileName(path) : given;
        return isPath ? Path.GetDirectoryName(path)! : parsed.GetValue(folder)!;
    }

    private static void Print(IAnsiConsole console, Run run) => console.WriteLine($"{run.Id}: {State(run)}, step {run.Step} of {run.Steps}.{(run.Failure is { } failure ? $" {failure.Code} {failure.Message}" : "")}");

    private static string State(Run run) => run.QueuePosition is int place ? $"queued ({place})" : RunLife.Word(run.State);

    private static string Accuracy(Run run) => run.Latest.TryGetValue("accuracy", out double accuracy) ? $"{accuracy:P1}" : "not measured";
}
