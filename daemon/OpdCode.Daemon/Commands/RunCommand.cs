using System.CommandLine;
using System.Globalization;
using OpdCode.Daemon.Reports;
using OpdCode.Daemon.Work;
using OpdCode.Distillation;
using OpdCode.Protocol;
using OpdCode.Recipes;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode run RECIPE</c>: a run in the foreground.</summary>
public static class RunCommand
{
    /// <summary>The command with its arguments and its action.</summary>
    public static Command Create()
    {
        Argument<string> recipe = RecipeOptions.Recipe();
        Option<string?> output = new("--out") { Description = "The run folder. Default: runs/NAME-TIME in the current folder.", HelpName = "DIR" };
        Option<int?> steps = new("--steps") { Description = "Number of optimizer steps, instead of the recipe's.", HelpName = "N" };
        Option<long?> seed = new("--seed") { Description = "Seed, instead of the recipe's.", HelpName = "N" };
        Option<string[]> set = RecipeOptions.Set();
        Option<string?> profile = new("--profile") { Description = "Write where the time of the second step goes (of the first, where there is one) as a Chrome trace.", HelpName = "FILE" };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("run", "Distil: run a recipe from start to end.") { recipe, output, steps, seed, set, profile, json };
        command.SetInterruptibleWork(json, (parsed, progress, interrupts) =>
        {
            var overrides = new List<string>(parsed.GetValue(set)!);
            if (parsed.GetValue(steps) is int n) overrides.Add(FormattableString.Invariant($"steps={n}"));
            if (parsed.GetValue(seed) is long s) overrides.Add(FormattableString.Invariant($"seed={s}"));
            string path = parsed.GetRequiredValue(recipe);
            RecipeReading reading = RecipeOptions.Read(path, overrides);
            string folder = parsed.GetValue(output) ?? DefaultFolder(path, reading.Recipe!);
            using DistillationSession session = DistillationSession.Open(reading, folder, TimeProvider.System);
            SmallFile.Write(Path.Combine(session.Folder, RunFiles.Request), RunRequest.Record(path, overrides, TimeProvider.System.GetUtcNow()));
            return Follow(session, progress, interrupts, parsed.GetValue(profile));
        }, Print, ExitCode);
        return command;
    }

    /// <summary>
    /// Runs a session to its end and writes its page. The first interrupt stops and saves, the second aborts. Daemons see
    /// the run like one of their own, and can steer it.
    /// </summary>
    internal static RunSummary Follow(DistillationSession session, IAnsiConsole progress, Interrupts interrupts, string? profile = null)
    {
        using var control = new RunControl();
        using WorkerPresence presence = WorkerPresence.Enter(session.Folder, control, session.Recipe.Device, Attendance.Foreground, TimeProvider.System);
        using CancellationTokenRegistration stop = interrupts.First.Register(() =>
        {
            Ask(control, RunInput.AskStop);
            progress.WriteLine("Stopping after this step, and saving. Once more aborts at once; steps since the last checkpoint are done again then.");
        });
        using CancellationTokenRegistration abort = interrupts.Second.Register(() => Ask(control, RunInput.AskAbort));
        var display = new RunDisplay(progress, session);
        display.Follow(ProfiledSteps.Of(control.Steer(new SessionRun(session, TimeProvider.System)), profile, session.Recipe.Steps));
        return session.Summary(RunReport.Write(session.Folder).Path);
    }

    // What comes after the end changes nothing.
    private static void Ask(RunControl control, RunInput input)
    {
        if (RunLife.Next(control.Now.State, input) is not null) control.Apply(input);
    }

    /// <summary>0 when the run has done all its steps, 130 when it was stopped before.</summary>
    internal static int ExitCode(RunSummary summary) => summary.Ending == "finished" ? 0 : 130;

    private static string DefaultFolder(string path, Recipe recipe)
    {
        string name = recipe.Name ?? Path.GetFileName(path).Replace(".opd.json", "", StringComparison.OrdinalIgnoreCase);
        foreach (char bad in Path.GetInvalidFileNameChars()) name = name.Replace(bad, '-');
        string folder = Path.Combine("runs", name + TimeProvider.System.GetLocalNow().ToString("-yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        // Two runs may start within one second.
        return Enumerable.Range(2, 1000).Select(i => FormattableString.Invariant($"{folder}-{i}")).Prepend(folder).First(f => !Directory.Exists(f));
    }

    /// <summary>Shows the outcome to a person.</summary>
    internal static void Print(IAnsiConsole console, RunSummary summary)
    {
        if (summary.Before is { } before && summary.After is { } after)
            console.MarkupLineInterpolated($"Accuracy [bold]{before.Accuracy:P1}[/] → [bold]{after.Accuracy:P1}[/] on {after.N} held-out prompts, {summary.Steps} steps, {summary.Tokens:N0} tokens, {summary.WallSeconds:F0} s.");
        else
            console.MarkupLineInterpolated($"{summary.Steps} steps, {summary.Tokens:N0} tokens, {summary.WallSeconds:F0} s.");
        if (summary.Ending != "finished") console.MarkupLineInterpolated($"Stopped after step {summary.Steps} and saved. Go on with: opdcode resume {summary.Folder}");
        console.MarkupLineInterpolated($"Run folder: {summary.Folder}");
        console.MarkupLineInterpolated($"What the teacher said about every token: {new Uri(summary.Report).AbsoluteUri}");
    }
}
