using System.CommandLine;
using System.Globalization;
using OpdCode.Daemon.Bench.Waiting;
using OpdCode.Daemon.Commands;
using Spectre.Console;

namespace OpdCode.Daemon.Bench;

/// <summary><c>opdcode bench</c>: the parts that a run spends its time in, each against its baseline and the machine's ceiling.</summary>
public static class BenchCommand
{
    /// <summary>The command with one subcommand per benchmark; without one it measures all.</summary>
    public static Command Create()
    {
        Command bench = new("bench", "Measure the parts that a run spends its time in, against baselines and against what the machine allows.");
        AddWork(bench, Benchmarks.All);
        foreach (IBenchmark one in Benchmarks.All)
        {
            if (one is LossBenchmark) bench.Add(LossBenchmark.CreateCommand());
            else bench.Add(AddWork(new Command(one.Name, one.Description), [one]));
        }
        bench.Add(DaemonBenchmark.CreateCommand());
        bench.Add(AddWork(new Command("all", "All of them."), Benchmarks.All));
        bench.Add(MemoryBenchmark.CreateCommand());
        bench.Add(PartCommand());
        return bench;
    }

    /// <summary>The option --compare.</summary>
    internal static Option<string?> CompareOption() => new("--compare")
    {
        Description = "A report that --json printed earlier: shows what changed; exit code 1 when something is more than 10 % slower.", HelpName = "OLD.json",
    };

    /// <summary>Prints a report to a person.</summary>
    internal static void Print(IAnsiConsole console, BenchReport report)
    {
        BenchMachine m = report.Machine;
        console.WriteLine(FormattableString.Invariant($"{m.Threads} threads, libtorch {m.Libtorch}: {m.GemmGflops:F0} GFLOP/s float32, {m.Bf16GemmGflops:F0} bfloat16, {m.BandwidthGBps:F1} GB/s"));
        console.WriteLine($"{"name",-28} {"unit",-10} {"value",12} {"baseline",12} {"ratio",7} {"ceiling",12} {"fraction",8} {"peak MB",8} {"baseline",8}");
        foreach (BenchResult r in report.Results)
        {
            console.WriteLine(FormattableString.Invariant(
                $"{r.Name,-28} {r.Unit,-10} {Rate(r.Value),12} {Rate(r.Baseline),12} {r.Ratio,7:F2} {r.Ceiling,12:F0} {r.Fraction,8:P0} {r.PeakBytes / 1e6,8:F0} {r.BaselinePeakBytes / 1e6,8:F0}"));
        }
        foreach (BenchChange c in report.Changes ?? [])
            console.WriteLine(FormattableString.Invariant($"{c.Name,-28} {c.Measure} {c.Old:G4} -> {c.New:G4} ({c.Change:+0.0 %;-0.0 %}){(c.IsRegression ? "  slower" : "")}"));
    }

    // Whole steps take seconds, parameters are counted in billions.
    private static string Rate(double? value) => value is < 100 ? value.Value.ToString("G3", CultureInfo.InvariantCulture) : value?.ToString("F0", CultureInfo.InvariantCulture) ?? "";

    /// <summary>0, or 1 when something became slower than in the report compared with.</summary>
    internal static int ExitCode(BenchReport report) => report.Changes?.Any(c => c.IsRegression) == true ? 1 : 0;

    private static Command AddWork(Command command, IReadOnlyList<IBenchmark> benchmarks)
    {
        Option<string?> model = ModelFolder(), shape = Shape(), compare = CompareOption();
        Option<int> repeat = ModelOptions.Count("--repeat", "Rounds; in each, ours and the baseline run once. The fastest run of each counts.", "N", least: 1, usual: 2);
        Option<bool> skipMemory = new("--skip-memory") { Description = "Leave out peak memory, which needs a process for each side." }, json = CommandEdge.JsonOption();
        foreach (Option option in (Option[])[model, shape, repeat, skipMemory, compare, json]) command.Add(option);
        command.SetWork(json, (parsed, progress, cancel) =>
        {
            BenchReport? old = parsed.GetValue(compare) is string path ? BenchReport.Read(path) : null;
            BenchSetting setting = Setting(parsed, model, shape, parsed.GetValue(repeat), !parsed.GetValue(skipMemory));
            return Measure(benchmarks, setting, old, progress, cancel);
        }, Print, ExitCode);
        return command;
    }

    private static BenchReport Measure(IReadOnlyList<IBenchmark> benchmarks, BenchSetting setting, BenchReport? old, IAnsiConsole progress, CancellationToken cancel)
    {
        BenchMachine machine = MachineMeasurement.Measure();
        var results = new List<BenchResult>();
        foreach (IBenchmark one in benchmarks)
        {
            progress.WriteLine($"Measuring {one.Name}");
            results.AddRange(one.Measure(setting, machine, cancel));
        }
        return new BenchReport(machine, results) { Changes = old is null ? null : BenchChange.Between(old, results) };
    }

    // Hidden: what a process that measures peak memory is started with.
    private static Command PartCommand()
    {
        Argument<string> name = new("case");
        Argument<BenchSide> side = new("side");
        Option<string?> model = ModelFolder(), shape = Shape();
        Option<bool> json = CommandEdge.JsonOption();
        Command part = new("part", "Measure the peak memory of one side of one case.") { name, side, model, shape };
        part.Hidden = true;
        part.SetWork(json, (parsed, _, _) => PartProcess.MeasurePeakBytes(parsed.GetValue(name)!, parsed.GetValue(side), Setting(parsed, model, shape, 1, false)),
            (console, bytes) => console.WriteLine(bytes.ToString(CultureInfo.InvariantCulture)));
        return part;
    }

    private static Option<string?> ModelFolder() => new("--model") { Description = "A model folder whose weights are used. Default: random weights.", HelpName = "DIR" };

    private static Option<string?> Shape()
    {
        Option<string?> shape = new("--shape") { Description = "Shape of the random weights: width, layers, heads, key-value heads, inner width, vocabulary.", HelpName = "d,L,H,KV,ffn,V" };
        shape.Validators.Add(given =>
        {
            if (given.Tokens is [var only] && BenchShape.Parse(only.Value) is null)
                given.AddError($"--shape is {only.Value} but must be six whole numbers d,L,H,KV,ffn,V; H divides d into an even width, KV divides H.");
        });
        return shape;
    }

    private static BenchSetting Setting(ParseResult parsed, Option<string?> model, Option<string?> shape, int repeat, bool memory) => new(
        parsed.GetValue(model) is string folder ? Path.GetFullPath(folder) : null,
        parsed.GetValue(shape) is string text ? BenchShape.Parse(text) : null, repeat, memory);
}
