using System.Diagnostics;
using System.Globalization;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Tests;
using OpdCode.Models.Generation;
using Xunit.Abstractions;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Runs;

/// <summary>
/// The real executable, killed at random moments and resumed until it has finished: weights, training state, metrics,
/// rollouts and answers must be those of a run that nobody touched. OPDCODE_KILLS says how many kills (12).
/// </summary>
public sealed class KillTests(ITestOutputHelper log) : IDisposable
{
    private const int Steps = 24;
    private const int KillsOfOneRun = 6;
    private const long Seed = 20_261_122;

    private readonly TemporaryFolder _folder = new();
    private readonly int _kills = int.Parse(Environment.GetEnvironmentVariable("OPDCODE_KILLS") ?? "12", CultureInfo.InvariantCulture);
    private readonly Dictionary<string, int> _moments = [];
    private int _draws;
    private double _part = 1; // of the span in which kills come: on a machine that is busy with others they come late, and must be sent early

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_at_any_moment_and_resumed_a_run_ends_as_if_nobody_had_touched_it()
    {
        string recipe = WriteRecipe(_folder, steps: Steps, more: """, "checkpoint": { "every": 3, "keep": 2 }""");
        File.WriteAllText(recipe, File.ReadAllText(recipe).Replace("\"count\": 5", "\"count\": 5, \"every\": 4", StringComparison.Ordinal));
        string whole = _folder.File("whole");
        var lasted = new Stopwatch();
        using (Process process = Start("run", recipe, "--out", whole))
        {
            await UntilBegun(process, whole, 0);
            lasted.Start();
            await process.WaitForExitAsync();
        }
        TimeSpan span = lasted.Elapsed;
        Assert.Equal("finished", RunReader.Open(whole).ReadEvents()[^1].Event);

        int killed = 0, runs = 0;
        while (killed < _kills)
        {
            string run = _folder.File($"run-{++runs}");
            int before = killed;
            while (!IsFinished(run))
            {
                bool kill = killed < _kills && killed - before < KillsOfOneRun;
                killed += await Once(recipe, run, kill ? span : null) ? 1 : 0;
            }
            RunFiles.AssertSame(whole, run);
            Directory.Delete(run, recursive: true);
        }
        log.WriteLine($"{killed} kills over {runs} runs of {Steps} steps ({span.TotalSeconds:F2} s each from the first line): all equal to the uninterrupted run.");
        foreach ((string moment, int count) in _moments.OrderByDescending(m => m.Value)) log.WriteLine($"  {count} {moment}");
    }

    // One process: started or resumed, and killed at a random moment within the span; true when the kill came in time.
    private async Task<bool> Once(string recipe, string run, TimeSpan? span)
    {
        bool resumes = File.Exists(Path.Combine(run, "recipe.json"));
        int begun = Begun(run), checkpoint = Newest(run);
        using Process process = resumes ? Start("resume", run) : Start("run", recipe, "--out", run);
        if (span is TimeSpan all)
        {
            // One kill in five may come while models are loaded and lines go back; the others once the run goes on.
            bool early = Draw() < 0.2;
            if (!early) await UntilBegun(process, run, begun);
            await Task.Delay((early ? TimeSpan.FromSeconds(2) : _part * all * Math.Max(0.2, 0.8 * (1 - checkpoint / (double)Steps))) * Draw());
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync();
                Note(run, begun);
                _part = Math.Min(1, 1.5 * _part);
                return true;
            }
            _part /= 2;
        }
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {string.Join(Environment.NewLine, Tail(run))}");
        return false;
    }

    private void Note(string run, int begun)
    {
        string checkpoints = Path.Combine(run, "checkpoints");
        string moment = IsFinished(run) ? "after the last line"
            : Begun(run) == begun ? "while loading or going back"
            : Directory.Exists(checkpoints) && Directory.EnumerateDirectories(checkpoints, "*.partial").Any() ? "in the middle of a checkpoint"
            : Directory.Exists(checkpoints) && Directory.EnumerateDirectories(checkpoints, "*.deleting").Any() ? "while dropping an old checkpoint"
            : Tail(run) is [.., var last] && last.Contains("\"checkpoint\"", StringComparison.Ordinal) ? "in the steps after a checkpoint"
            : "before a checkpoint, or in an evaluation";
        _moments[moment] = _moments.GetValueOrDefault(moment) + 1;
    }

    private static Process Start(params string[] args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "opdcode.dll"));
        foreach (string argument in args) start.ArgumentList.Add(argument);
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task UntilBegun(Process process, string run, int before)
    {
        while (Begun(run) == before && !process.HasExited) await Task.Delay(2);
    }

    private static int Begun(string run) => Tail(run).Count(line => line.Contains("\"started\"", StringComparison.Ordinal) || line.Contains("\"resumed\"", StringComparison.Ordinal));

    private static bool IsFinished(string run) => Tail(run) is [.., var last] && last.Contains("\"finished\"", StringComparison.Ordinal);

    private static int Newest(string run)
    {
        string latest = Path.Combine(run, "checkpoints", "latest");
        return File.Exists(latest) ? int.Parse(File.ReadAllText(latest).Trim()["checkpoint-".Length..], CultureInfo.InvariantCulture) : 0;
    }

    private static string[] Tail(string run)
    {
        string path = Path.Combine(run, "events.jsonl");
        if (!File.Exists(path)) return [];
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private double Draw() => CounterRandom.Uniform(Seed, 0, _draws++);
}
