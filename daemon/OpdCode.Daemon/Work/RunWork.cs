using System.Globalization;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Commands;
using OpdCode.Daemon.Reports;
using OpdCode.Distillation;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Daemon.Work;

/// <summary>What a worker process does: computes one run of a run folder, from its request or from its last checkpoint.</summary>
internal sealed class RunWork(string folder, TextWriter log, TimeProvider time)
{
    /// <summary>Computes; whatever happens is in the run folder afterwards.</summary>
    /// <returns>The exit code: 0 when it ended as somebody wanted it to.</returns>
    public int Run(RunControl control)
    {
        RunRequest? request = SmallFile.Read<RunRequest>(Path.Combine(folder, RunFiles.Request));
        using WorkerPresence presence = WorkerPresence.Enter(folder, control, DeviceOf(request), Attendance.Background, time);
        File.Delete(Path.Combine(folder, RunFiles.Failure)); // of an earlier end
        Log($"opdcode {typeof(RunWork).Assembly.GetName().Version} works on {folder} as process {Environment.ProcessId}.");
        try
        {
            using DistillationSession session = Open(request);
            Log($"{session.Recipe.Steps} steps, objective {session.ObjectiveLabel}.");
            foreach (StepReport report in control.Steer(new SessionRun(session, time)))
                if (report.Accuracy is double accuracy) Log($"Step {report.Step}: accuracy {accuracy.ToString("P1", CultureInfo.InvariantCulture)}.");
            Log($"{RunLife.Word(control.Now.State)} after step {control.Now.Step}.");
            RunReport.Write(folder);
            return 0;
        }
        catch (OperationCanceledException) when (control.Aborted.IsCancellationRequested)
        {
            control.Apply(RunInput.Cancel);
            Log($"Aborted after step {control.Now.Step}.");
            return 0;
        }
        catch (Exception failure) // the edge: nothing is above it, and the run folder must know
        {
            Fail(control, failure);
            return 1;
        }
    }

    private static string DeviceOf(RunRequest? request) => request is null ? "auto" : RecipeReader.Parse(request.Recipe, request.RecipePath, request.Overrides).Recipe?.Device ?? "auto";

    private DistillationSession Open(RunRequest? request)
    {
        // What was written before goes on; a run that saved nothing yet begins again.
        if (File.Exists(Path.Combine(folder, "recipe.json"))) return DistillationSession.Resume(folder, ChangedInputs.Refuse, time);
        if (request is null) throw new OpdException(ErrorCodes.RunFolder, $"{folder} holds no {RunFiles.Request}, so there is nothing to start. Start the recipe anew.");
        return DistillationSession.Open(request.Read(), folder, time);
    }

    private void Fail(RunControl control, Exception failure)
    {
        Log(failure.ToString());
        string text = FailureText.Of(failure);
        string code = failure is OpdException known ? known.Code : text.Split(' ', 2)[0];
        string message = text[(code.Length + 1)..];
        WorkerStatus at = control.Now;
        try
        {
            if (new RunFolderReader(folder).LastLifeEvent()?.Event != "failed")
                EventFile.Append(folder, new RunEvent { Time = time.GetUtcNow(), Event = "failed", Step = at.Step, Code = code, Message = message });
            SmallFile.Write(Path.Combine(folder, RunFiles.Failure), new RunFailure
            {
                Code = code,
                Message = message,
                OutOfMemory = code == ErrorCodes.OutOfMemory,
                LogTail = LogTail.Of(folder),
                Checkpoint = new RunFolderReader(folder).LatestCheckpoint(),
            });
        }
        catch (OpdException)
        {
            // The disk that made the run fail cannot take the news either; the supervisor finds out.
        }
        if (RunLife.Next(at.State, RunInput.Fail) is not null) control.Apply(RunInput.Fail);
    }

    private void Log(string line) => log.WriteLine($"{time.GetUtcNow():yyyy-MM-dd HH:mm:ss}Z {line}");
}
