using System.CommandLine;
using System.Text.Json;
using OpdCode.Daemon.Commands;
using OpdCode.Distillation.Runs;
using Spectre.Console;

namespace OpdCode.Daemon.Bench;

/// <summary><c>opdcode bench loss</c>: the fused loss against the usual dense one; the ceiling is the bare matrix products, measured.</summary>
internal sealed class LossBenchmark : IBenchmark
{
    private static readonly string[] s_usual = ["reverse-kl", "jsd", "skew-reverse-kl", "top-k"];

    /// <inheritdoc/>
    public string Name => "loss";

    /// <inheritdoc/>
    public string Description => "Measure the fused distillation loss against a dense one: time, peak extra memory, bare matrix products.";

    /// <inheritdoc/>
    public IEnumerable<BenchResult> Measure(BenchSetting setting, BenchMachine machine, CancellationToken cancel)
    {
        foreach (string objective in s_usual)
        {
            cancel.ThrowIfCancellationRequested();
            int vocabulary = setting.Shape?.Vocabulary ?? 151_936, width = setting.Shape?.Width ?? 256;
            yield return Result(Case(new LossShape(objective, 1024, vocabulary, width, 2 * width, "float32", setting.Repeat), skipDense: false));
        }
    }

    /// <summary>The command, without its parent.</summary>
    public static Command CreateCommand()
    {
        Option<int> rows = ModelOptions.Count("--rows", "Trained tokens in the batch.", "N", least: 1, usual: 1024);
        Option<int> vocabulary = ModelOptions.Count("--vocab", "Rows of both heads.", "V", least: 2, usual: 151_936);
        Option<int> studentWidth = ModelOptions.Count("--student-hidden", "Width of the student.", "D", least: 1, usual: 256);
        Option<int> teacherWidth = ModelOptions.Count("--teacher-hidden", "Width of the teacher.", "M", least: 1, usual: 512);
        Option<string[]> objectives = new("--objective")
        {
            Description = $"Which losses: {string.Join(", ", LossMeasurement.Objectives.Keys)}.",
            DefaultValueFactory = _ => s_usual,
            AllowMultipleArgumentsPerToken = true,
        };
        objectives.AcceptOnlyFromAmong([.. LossMeasurement.Objectives.Keys]);
        Option<string[]> types = new("--dtype") { Description = "float32, bfloat16 or both.", DefaultValueFactory = _ => ["float32"], AllowMultipleArgumentsPerToken = true };
        types.AcceptOnlyFromAmong("float32", "bfloat16");
        Option<int> repeat = ModelOptions.Count("--repeat", "Runs per measurement; the fastest counts.", "N", least: 1, usual: 2);
        Option<bool> skipDense = new("--skip-dense") { Description = "Measure the fused loss and the products only." };
        Option<string?> part = new("--part") { Description = "Measure one part in this process.", Hidden = true }, compare = BenchCommand.CompareOption();
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("loss", new LossBenchmark().Description) { rows, vocabulary, studentWidth, teacherWidth, objectives, types, repeat, skipDense, part, compare, json };
        command.SetWork(json, (parse, _, cancel) =>
        {
            IEnumerable<LossShape> shapes = from type in parse.GetValue(types)! from objective in parse.GetValue(objectives)!
                select new LossShape(objective, parse.GetValue(rows), parse.GetValue(vocabulary), parse.GetValue(studentWidth), parse.GetValue(teacherWidth), type, parse.GetValue(repeat));
            if (parse.GetValue(part) is string one) return (object)LossMeasurement.Measure(one, shapes.First());
            BenchReport? old = parse.GetValue(compare) is string path ? BenchReport.Read(path) : null;
            BenchMachine machine = MachineMeasurement.Measure();
            var cases = new List<LossCase>();
            foreach (LossShape shape in shapes)
            {
                cancel.ThrowIfCancellationRequested();
                cases.Add(Case(shape, parse.GetValue(skipDense)));
            }
            BenchResult[] results = cases.Select(Result).ToArray();
            return new BenchReport(machine, results) { Cases = cases, Changes = old is null ? null : BenchChange.Between(old, results) };
        }, Print, result => result is BenchReport report ? BenchCommand.ExitCode(report) : 0);
        return command;
    }

    private static BenchResult Result(LossCase c) => BenchResult.Of(
        $"loss/{c.Objective}/{c.Dtype}", "tokens/s", c.Rows / c.Fused.Seconds, c.Rows / c.Dense?.Seconds, c.Rows / c.MatrixProductSeconds, c.Fused.ExtraBytes, c.Dense?.ExtraBytes);

    private static LossCase Case(LossShape shape, bool skipDense) => new(
        shape.Objective, shape.Rows, shape.Vocabulary, shape.Dtype, InOwnProcess("fused", shape), skipDense ? null : InOwnProcess("dense", shape), InOwnProcess("products", shape).Seconds);

    private static LossFigures InOwnProcess(string part, LossShape shape)
    {
        string output = PartProcess.Run(["bench", "loss", "--json", "--part", part, "--objective", shape.Objective, "--dtype", shape.Dtype,
            "--rows", $"{shape.Rows}", "--vocab", $"{shape.Vocabulary}", "--student-hidden", $"{shape.StudentWidth}", "--teacher-hidden", $"{shape.TeacherWidth}", "--repeat", $"{shape.Repeat}"]);
        return JsonSerializer.Deserialize<LossFigures>(output, RunJson.Options) ?? throw new InvalidOperationException($"The measurement of {part} printed nothing.");
    }

    private static void Print(IAnsiConsole console, object result)
    {
        if (result is not BenchReport report)
        {
            console.WriteLine(JsonSerializer.Serialize(result, RunJson.Options));
            return;
        }
        console.WriteLine($"{"objective",-16} {"dtype",-9} {"rows",5} {"fused s",8} {"dense s",8} {"ratio",6} {"fused MB",9} {"dense MB",9} {"ratio",6} {"products s",10} {"fused/products",14}");
        foreach (LossCase c in report.Cases!)
        {
            console.WriteLine(FormattableString.Invariant(
                $"{c.Objective,-16} {c.Dtype,-9} {c.Rows,5} {c.Fused.Seconds,8:F3} {c.Dense?.Seconds,8:F3} {c.Fused.Seconds / c.Dense?.Seconds,6:F2} {c.Fused.ExtraBytes / 1e6,9:F0} {c.Dense?.ExtraBytes / 1e6,9:F0} {(double)c.Fused.ExtraBytes / c.Dense?.ExtraBytes,6:F3} {c.MatrixProductSeconds,10:F3} {c.Fused.Seconds / c.MatrixProductSeconds,14:F2}"));
        }
    }
}
