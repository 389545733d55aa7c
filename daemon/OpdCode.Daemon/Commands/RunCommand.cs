using System.CommandLine;
using System.Globalization;
using OpdCode.Daemon.Reports;
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
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("run", "Distil: run a recipe from start to end.") { recipe, output, steps, seed, set, json };
        command.SetWork(json, (parsed, progress, cancel) =>
        {
            var overrides = new List<string>(parsed.GetValue(set)!);
            if (parsed.GetValue(steps) is int n) overrides.Add(FormattableString.Invariant($"steps={n}"));
            if (parsed.GetValue(seed) is long s) overrides.Add(FormattableString.Invariant($"seed={s}"));
            string path = parsed.GetRequiredValue(recipe);
            RecipeReading reading = RecipeOptions.Read(path, overrides);
            string folder = parsed.GetValue(output) ?? DefaultFolder(path, reading.Recipe!);
            using DistillationSession session = DistillationSession.Open(reading, folder, TimeProvider.System);
            var display = new RunDisplay(progress, session);
            display.Follow(session.Run(cancel));
            return session.Summary(RunReport.Write(session.Folder).Path);
        }, Print);
        return command;
    }

    private static string DefaultFolder(string path, Recipe recipe)
    {
        string name = recipe.Name ?? Path.GetFileName(path).Replace(".opd.json", "", StringComparison.OrdinalIgnoreCase);
        foreach (char bad in Path.GetInvalidFileNameChars()) name = name.Replace(bad, '-');
        string folder = Path.Combine("runs", name + TimeProvider.System.GetLocalNow().ToString("-yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        // Two runs may start within one second.
        return Enumerable.Range(2, 1000).Select(i => FormattableString.Invariant($"{folder}-{i}")).Prepend(folder).First(f => !Directory.Exists(f));
    }

    private static void Print(IAnsiConsole console, RunSummary summary)
    {
        if (summary.Before is { } before && summary.After is { } after)
            console.MarkupLineInterpolated($"Accuracy [bold]{before.Accuracy:P1}[/] → [bold]{after.Accuracy:P1}[/] on {after.N} held-out prompts, {summary.Steps} steps, {summary.Tokens:N0} tokens, {summary.WallSeconds:F0} s.");
        else
            console.MarkupLineInterpolated($"{summary.Steps} steps, {summary.Tokens:N0} tokens, {summary.WallSeconds:F0} s.");
        console.MarkupLineInterpolated($"Run folder: {summary.Folder}");
        console.MarkupLineInterpolated($"What the teacher said about every token: {new Uri(summary.Report).AbsoluteUri}");
    }
}
