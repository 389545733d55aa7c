using System.CommandLine;
using System.Text.Json;
using OpdCode.Daemon.Reports;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode report RUN</c>: writes a run's self-contained HTML page. It opens no browser.</summary>
public static class ReportCommand
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

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
        Option<bool> json = new("--json") { Description = "Print one JSON object {\"path\", \"rollouts\"} on stdout." };

        Command command = new("report", "Write a run's report: one HTML file with curves, answers before and after, and the rollouts token by token.")
        {
            run, output, steps, json,
        };
        command.SetAction(parsed =>
        {
            int[]? asked = parsed.GetValue(steps);
            ReportOptions options = new() { Steps = asked is { Length: > 0 } ? asked : null };
            TextWriter stdout = parsed.InvocationConfiguration.Output;
            try
            {
                ReportSummary summary = RunReport.Write(parsed.GetRequiredValue(run), parsed.GetValue(output), options);
                stdout.WriteLine(parsed.GetValue(json)
                    ? JsonSerializer.Serialize(summary, s_json)
                    : $"Report with {summary.Rollouts} rollouts: {summary.Path}");
                return 0;
            }
            catch (OpdException failure)
            {
                parsed.InvocationConfiguration.Error.WriteLine($"{failure.Code} {failure.Message}");
                return 1;
            }
        });
        return command;
    }
}
