using System.CommandLine;
using OpdCode.Daemon.Reports;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode report RUN</c>: writes a run's self-contained HTML page. It opens no browser.</summary>
public static class ReportCommand
{
    /// <summary>The command with its arguments and its action.</summary>
    public static Command Create()
    {
        Argument<string> run = new("RUN") { Description = "The folder that `opdcode run` wrote; the run may still be going on." };
        Option<string?> output = new("--out") { Description = "The file to write. Default: RUN/report.html.", HelpName = "FILE" };
        Option<int[]?> steps = new("--steps")
        {
            Description = "The recorded steps whose rollouts are shown, for example --steps 10 200. Default: the last, the first, then the newest that fit.",
            HelpName = "STEP",
            AllowMultipleArgumentsPerToken = true,
        };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("report", "Write a run's report: one HTML file with curves, answers before and after, and the rollouts token by token.")
        {
            run, output, steps, json,
        };
        command.SetWork(json, (parsed, _, _) =>
        {
            int[]? asked = parsed.GetValue(steps);
            ReportOptions options = new() { Steps = asked is { Length: > 0 } ? asked : null };
            return RunReport.Write(parsed.GetRequiredValue(run), parsed.GetValue(output), options);
        }, (console, summary) => console.WriteLine($"Report with {summary.Rollouts} rollouts: {summary.Path}"));
        return command;
    }
}
