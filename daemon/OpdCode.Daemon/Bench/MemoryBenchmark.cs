using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using OpdCode.Daemon.Commands;
using OpdCode.Distillation;
using OpdCode.Distillation.Runs;
using OpdCode.Models.Preflight;
using OpdCode.Recipes;
using Spectre.Console;

namespace OpdCode.Daemon.Bench;

/// <summary><c>opdcode bench memory</c>: the preflight's estimate against the peak of real runs. Peaks do not depend on what else the machine does.</summary>
internal static class MemoryBenchmark
{
    /// <summary>The command, without its parent.</summary>
    public static Command CreateCommand()
    {
        Option<string?> only = new("--only") { Description = "Only configurations whose name contains this.", HelpName = "TEXT" };
        Option<string?> part = new("--part") { Description = "Do the run of a folder in this process and print its peak.", Hidden = true };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("memory", "Measure the peak memory of runs of many shapes against what the preflight estimates for them.") { only, part, json };
        command.SetWork(json, (parsed, progress, cancel) =>
        {
            if (parsed.GetValue(part) is string folder) return (object)RunAndMeasure(folder, cancel);
            var results = new List<MemoryResult>();
            foreach (MemoryCase one in MemoryCase.All.Where(c => c.Name.Contains(parsed.GetValue(only) ?? "", StringComparison.OrdinalIgnoreCase)))
            {
                cancel.ThrowIfCancellationRequested();
                progress.WriteLine($"Measuring {one.Name}");
                results.Add(Measure(one));
            }
            return results;
        }, Print);
        return command;
    }

    /// <summary>Estimates a configuration, then runs it in a new process.</summary>
    public static MemoryResult Measure(MemoryCase one)
    {
        string folder = Directory.CreateTempSubdirectory("opdcode-memory-").FullName;
        try
        {
            long estimate = Estimate(one, folder);
            MemoryCase.WriteWeights(folder);
            long measured = long.Parse(PartProcess.Run(["bench", "memory", "--part", folder]), CultureInfo.InvariantCulture);
            return new MemoryResult(one.Name, estimate, measured, (double)estimate / measured);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Writes a configuration into a folder and estimates it.</summary>
    public static long Estimate(MemoryCase one, string folder) =>
        RecipePreflight.Run(one.Write(folder), folder).Memory?.Peak ?? throw new InvalidOperationException($"{one.Name} cannot be estimated.");

    private static long RunAndMeasure(string folder, CancellationToken cancel)
    {
        RecipeReading reading = RecipeReader.Read(Path.Combine(folder, "memory.opd.json"));
        using DistillationSession session = DistillationSession.Open(reading, Path.Combine(folder, "run"), TimeProvider.System);
        foreach (StepReport _ in session.Run(cancel)) continue;
        using Process self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }

    private static void Print(IAnsiConsole console, object result)
    {
        if (result is long bytes)
        {
            console.WriteLine(bytes.ToString(CultureInfo.InvariantCulture));
            return;
        }
        console.WriteLine($"{"configuration",-32} {"estimated MB",12} {"measured MB",12} {"ratio",6}");
        foreach (MemoryResult r in (List<MemoryResult>)result)
            console.WriteLine(FormattableString.Invariant($"{r.Name,-32} {r.EstimatedBytes / 1e6,12:F0} {r.MeasuredBytes / 1e6,12:F0} {r.Ratio,6:F2}"));
    }
}
