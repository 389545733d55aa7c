using System.CommandLine;
using System.Globalization;
using OpdCode.Recipes.Data;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode data</c>: what is in data files.</summary>
public static class DataCommand
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create() => new("data", "Look into data files.") { Check() };

    private static Command Check()
    {
        Argument<string> file = new("FILE") { Description = "A file of examples (.jsonl)." };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("check", "Read every line of a data file and report what is in it and what is wrong.") { file, json };
        command.SetWork(json, (parsed, _, cancel) => DataCheck.Scan(parsed.GetRequiredValue(file), null, cancel), Print, report => report.Unreadable == 0 && report.Examples > 0 ? 0 : 1);
        return command;
    }

    private static void Print(IAnsiConsole console, DataReport report)
    {
        foreach (DataLineProblem problem in report.Problems) console.WriteLine(problem.Message);
        if (report.Unreadable > report.Problems.Count) console.WriteLine($"… and {report.Unreadable - report.Problems.Count} lines more.");
        string columns = string.Join(", ", report.Columns.Select(c => c.Value == report.Examples ? c.Key : $"{c.Key} (in {c.Value})"));
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.File}: {report.Examples:N0} examples in {report.Bytes / 1e6:F1} MB, {report.Unreadable} unreadable lines, {report.Duplicates} repeated prompts. Columns: {(columns.Length == 0 ? "none" : columns)}."));
        if (report.LongestPromptLine > 0) console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Longest prompt: {report.LongestPrompt:N0} characters, line {report.LongestPromptLine}."));
    }
}
