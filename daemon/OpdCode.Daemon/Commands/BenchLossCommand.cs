using System.CommandLine;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode bench loss</c>: the fused loss against the usual dense one and against the bare matrix products.</summary>
public static class BenchLossCommand
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The command, without its parent.</summary>
    public static Command Create()
    {
        Option<int> rows = new("--rows") { Description = "Trained tokens in the batch.", DefaultValueFactory = _ => 1024 };
        Option<int> vocabulary = new("--vocab") { Description = "Rows of both heads.", DefaultValueFactory = _ => 151_936 };
        Option<int> studentWidth = new("--student-hidden") { Description = "Width of the student.", DefaultValueFactory = _ => 256 };
        Option<int> teacherWidth = new("--teacher-hidden") { Description = "Width of the teacher.", DefaultValueFactory = _ => 512 };
        Option<string[]> objectives = new("--objective")
        {
            Description = $"Which losses: {string.Join(", ", LossMeasurement.Objectives.Keys)}.",
            DefaultValueFactory = _ => ["reverse-kl", "jsd", "skew-reverse-kl", "top-k"],
            AllowMultipleArgumentsPerToken = true,
        };
        objectives.AcceptOnlyFromAmong([.. LossMeasurement.Objectives.Keys]);
        Option<string[]> types = new("--dtype") { Description = "float32, bfloat16 or both.", DefaultValueFactory = _ => ["float32"], AllowMultipleArgumentsPerToken = true };
        types.AcceptOnlyFromAmong("float32", "bfloat16");
        Option<int> repeat = new("--repeat") { Description = "Runs per measurement; the fastest counts.", DefaultValueFactory = _ => 2 };
        Option<bool> skipDense = new("--skip-dense") { Description = "Measure the fused loss and the products only." };
        Option<string?> part = new("--part") { Description = "Measure one part in this process.", Hidden = true };
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("loss", "Measure the fused distillation loss against a dense one: time, peak extra memory, bare matrix products.")
        {
            rows, vocabulary, studentWidth, teacherWidth, objectives, types, repeat, skipDense, part, json,
        };
        command.SetAction(parse =>
        {
            List<LossCase> cases = [];
            foreach (string type in parse.GetValue(types)!)
            {
                foreach (string objective in parse.GetValue(objectives)!)
                {
                    LossShape shape = new(objective, parse.GetValue(rows), parse.GetValue(vocabulary), parse.GetValue(studentWidth), parse.GetValue(teacherWidth), type, parse.GetValue(repeat));
                    if (parse.GetValue(part) is { } one)
                    {
                        parse.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(LossMeasurement.Measure(one, shape), s_json));
                        return 0;
                    }
                    cases.Add(new LossCase(objective, shape.Rows, shape.Vocabulary, type,
                        InOwnProcess("fused", shape), parse.GetValue(skipDense) ? null : InOwnProcess("dense", shape), InOwnProcess("products", shape).Seconds));
                }
            }
            Print(parse.InvocationConfiguration.Output, cases, parse.GetValue(json));
            return 0;
        });
        return command;
    }

    // Peak memory is a property of a process, so every measurement gets its own.
    private static LossFigures InOwnProcess(string part, LossShape shape)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(Assembly.GetEntryAssembly()!.Location);
        foreach (string argument in (string[])["bench", "loss", "--part", part, "--objective", shape.Objective, "--dtype", shape.Dtype,
            "--rows", $"{shape.Rows}", "--vocab", $"{shape.Vocabulary}", "--student-hidden", $"{shape.StudentWidth}", "--teacher-hidden", $"{shape.TeacherWidth}", "--repeat", $"{shape.Repeat}"])
        {
            start.ArgumentList.Add(argument);
        }
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return JsonSerializer.Deserialize<LossFigures>(output, s_json)
            ?? throw new InvalidOperationException($"The measurement of {part} printed nothing (exit code {process.ExitCode}).");
    }

    private static void Print(TextWriter stdout, List<LossCase> cases, bool json)
    {
        if (json)
        {
            stdout.WriteLine(JsonSerializer.Serialize(new { cases }, s_json));
            return;
        }
        stdout.WriteLine($"{"objective",-16} {"dtype",-9} {"rows",5} {"fused s",8} {"dense s",8} {"ratio",6} {"fused MB",9} {"dense MB",9} {"ratio",6} {"products s",10} {"fused/products",14}");
        foreach (LossCase c in cases)
        {
            stdout.WriteLine(FormattableString.Invariant(
                $"{c.Objective,-16} {c.Dtype,-9} {c.Rows,5} {c.Fused.Seconds,8:F3} {c.Dense?.Seconds,8:F3} {c.Fused.Seconds / c.Dense?.Seconds,6:F2} {c.Fused.ExtraBytes / 1e6,9:F0} {c.Dense?.ExtraBytes / 1e6,9:F0} {(double)c.Fused.ExtraBytes / c.Dense?.ExtraBytes,6:F3} {c.MatrixProductSeconds,10:F3} {c.Fused.Seconds / c.MatrixProductSeconds,14:F2}"));
        }
    }
}
