using System.CommandLine;
using OpdCode.Daemon.Commands;
using Spectre.Console;

namespace OpdCode.Daemon.Bench.Waiting;

/// <summary><c>opdcode bench daemon</c>: how long an editor waits, and what recording costs a run, each against what is promised.</summary>
internal static class DaemonBenchmark
{
    /// <summary>The command, without its parent.</summary>
    public static Command CreateCommand()
    {
        Option<int> runs = ModelOptions.Count("--runs", "Run folders in the list.", "N", least: 1, usual: 10_000);
        Option<int> points = ModelOptions.Count("--points", "Points of each of the 100 curves.", "N", least: 2, usual: 100_000);
        Option<int> repeat = ModelOptions.Count("--repeat", "Starts of the daemon; other figures are measured as often as they need.", "N", least: 1, usual: 5);
        Option<bool> skip = new("--skip-recording") { Description = "Leave out what recording costs, which takes most of the time." };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("daemon", "Measure how long an editor waits for the daemon, and what recording costs a training step.") { runs, points, repeat, skip, json };
        command.SetWork(json, (parsed, progress, cancel) => Measure(parsed.GetValue(runs), parsed.GetValue(points), parsed.GetValue(repeat), !parsed.GetValue(skip), progress, cancel), Print,
            report => report.Figures.Any(f => f.IsBroken) ? 1 : 0);
        return command;
    }

    private static DaemonReport Measure(int runs, int points, int repeat, bool isWithRecording, IAnsiConsole progress, CancellationToken cancel)
    {
        string folder = Directory.CreateTempSubdirectory("opdcode-bench-").FullName;
        try
        {
            var figures = new List<DaemonFigure>();
            progress.WriteLine($"Writing {runs} run folders, 100 curves of {points} points and {DaemonScene.ManySteps * DaemonScene.ManyRollouts} rollouts");
            var scene = new DaemonScene(folder, runs, points);
            scene.Write(cancel);
            progress.WriteLine("Measuring calls");
            figures.AddRange(new CallTimes(scene, repeat).Measure(cancel));
            if (isWithRecording) progress.WriteLine("Measuring recording");
            if (isWithRecording) figures.AddRange(new RecordingCost(Path.Combine(folder, "recording")).Measure(cancel));
            return new DaemonReport(Environment.ProcessorCount, figures);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(IAnsiConsole console, DaemonReport report)
    {
        console.WriteLine($"{"what",-60} {"median",10} {"best",10} {"promise",10} {"times",6}");
        foreach (DaemonFigure f in report.Figures)
            console.WriteLine(FormattableString.Invariant($"{f.Name,-60} {f.Value,7:F2} {f.Unit,-2} {f.Best,7:F2} {f.Unit,-2} {(f.Promise is double most ? FormattableString.Invariant($"< {most} {f.Unit}") : ""),10} {f.Times,6}{(f.IsBroken ? "  above" : "")}"));
    }
}
