using System.Globalization;
using System.Text;
using System.Text.Json;
using OpdCode.Daemon.Work;
using OpdCode.Distillation.Runs;

namespace OpdCode.Daemon.Bench.Waiting;

/// <summary>Run folders as a daemon finds them: many short ones, one with long curves, one with long texts.</summary>
/// <param name="folder">Where to write; the workspace.</param>
/// <param name="runs">How many short ones.</param>
/// <param name="points">Points of each curve.</param>
internal sealed class DaemonScene(string folder, int runs, int points)
{
    /// <summary>Tokens of a text.</summary>
    public const int PageTokens = 4096;

    /// <summary>Id of the run with the curves.</summary>
    public const string Curves = "curves";

    /// <summary>Id of the run with the texts; they are those of step 1.</summary>
    public const string Texts = "texts";

    /// <summary>Id of the run with many recorded rollouts.</summary>
    public const string Many = "many";

    /// <summary>Steps of that run that recorded rollouts, and how many each.</summary>
    public const int ManySteps = 1000, ManyRollouts = 32;

    private const int Columns = 100, ManyTokens = 16;

    /// <summary>The workspace.</summary>
    public string Folder => folder;

    /// <summary>The folder of the run folders.</summary>
    public string Runs => Path.Combine(folder, "runs");

    /// <summary>How many short runs there are.</summary>
    public int Count => runs;

    /// <summary>Writes everything.</summary>
    public void Write(CancellationToken cancel)
    {
        Parallel.For(0, runs, new ParallelOptions { CancellationToken = cancel }, i => WriteRun(Runs, i));
        WriteCurves();
        WriteTexts();
        WriteMany(cancel);
    }

    /// <summary>Writes a run that came to its end.</summary>
    /// <param name="runs">The folder of the run folders.</param>
    /// <param name="i">Its number: name, time and figures follow from it.</param>
    /// <param name="last">Its last event.</param>
    /// <returns>The run folder.</returns>
    public static string WriteRun(string runs, int i, string last = "finished")
    {
        string run = Directory.CreateDirectory(Path.Combine(runs, $"run-{i:D5}")).FullName;
        DateTimeOffset time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(i);
        SmallFile.WriteForNow(Path.Combine(run, RunFiles.Request), new RunRequest { Created = time, Name = $"synthetic {i}", RecipePath = Path.Combine(runs, "a.opd.json"), Recipe = "{}" });
        File.WriteAllText(Path.Combine(run, "recipe.json"), $$"""{"version":1,"name":"synthetic","method":"{{(i % 2 == 0 ? "opd" : "gkd")}}","steps":100,"device":"cpu","run": { "started": "{{time:O}}" } }""");
        File.WriteAllText(Path.Combine(run, "events.jsonl"), $$"""{"time":"{{time:O}}","event":"started","step":0}""" + "\n" + $$"""{"time":"{{time.AddHours(1):O}}","event":"{{last}}","step":100}""" + "\n");
        File.WriteAllText(Path.Combine(run, "metrics.jsonl"), $$"""{"step":0,"accuracy":0.1}""" + "\n" + $$"""{"step":100,"loss":{{i}}.5,"accuracy":0.{{i % 90 + 10}},"seconds":1.5,"divergence":0.25,"gradientNorm":1.25,"learningRate":0.001,"responseTokens":128,"memoryBytes":1000000}""" + "\n");
        return run;
    }

    private void WriteCurves()
    {
        string run = WriteRun(Runs, runs);
        string place = Path.Combine(Runs, Curves);
        Directory.Move(run, place);
        WriteCurves(place, points);
    }

    /// <summary>Writes the 100 curves of a run.</summary>
    /// <param name="run">The run folder, which exists.</param>
    /// <param name="points">Points of each.</param>
    public static void WriteCurves(string run, int points)
    {
        using var file = new StreamWriter(Path.Combine(run, "metrics.jsonl"), false, new UTF8Encoding(false), 1 << 20);
        var line = new StringBuilder();
        for (int step = 1; step <= points; step++)
        {
            line.Clear().Append(CultureInfo.InvariantCulture, $"{{\"step\":{step}");
            for (int m = 0; m < Columns; m++) line.Append(CultureInfo.InvariantCulture, $",\"m{m}\":{((step * 31) + (m * 17)) % 1000}.5");
            file.Write(line.Append("}\n"));
        }
    }

    private void WriteTexts()
    {
        string run = WriteRun(Runs, runs + 1);
        string place = Path.Combine(Runs, Texts);
        Directory.Move(run, place);
        string path = Path.Combine(place, "rollouts", RunJson.RolloutFileName(1));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllLines(path, Enumerable.Range(0, 3).Select(i => JsonSerializer.Serialize(LongText(i), RunJson.Options)));
    }

    private void WriteMany(CancellationToken cancel)
    {
        string place = Path.Combine(Runs, Many);
        Directory.Move(WriteRun(Runs, runs + 2), place);
        Directory.CreateDirectory(Path.Combine(place, "rollouts"));
        RolloutRecord text = Text(0, ManyTokens);
        Parallel.For(1, ManySteps + 1, new ParallelOptions { CancellationToken = cancel }, step => File.WriteAllLines(Path.Combine(place, "rollouts", RunJson.RolloutFileName(step)),
            Enumerable.Range(0, ManyRollouts).Select(i => JsonSerializer.Serialize(text with { Step = step, Index = i, Divergence = [.. text.Divergence!.Select(d => d + (((step * 31) + (i * 17)) % 1000 / 1000f))] }, RunJson.Options))));
    }

    /// <summary>A text of <see cref="PageTokens"/> tokens with everything that a run can record of it: 18 columns.</summary>
    /// <param name="index">Its place in the step.</param>
    public static RolloutRecord LongText(int index) => Text(index, PageTokens);

    private static RolloutRecord Text(int index, int count)
    {
        var random = new Random(5);
        float[] Column() => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 4) - 2))];
        int[][] ids = [.. Enumerable.Range(0, count).Select(t => new[] { t, 1, 2, 3, 4 })];
        string[][] texts = [.. ids.Select(row => row.Select(i => $" t{i}").ToArray())];
        float[][] logprobs = [.. ids.Select(row => row.Select(i => -i / 1000f).ToArray())];
        string[] tokens = [.. Enumerable.Range(0, count).Select(t => t % 20 == 19 ? "\n" : " word")];
        int[] ends = new int[count];
        for (int t = 0, at = 0; t < count; t++) ends[t] = at += tokens[t].Length;
        return new RolloutRecord
        {
            Step = 1, Index = index, Prompt = "p", Response = string.Concat(tokens), TokenIds = [.. Enumerable.Range(0, count)], TokenTexts = tokens,
            CharStart = [.. ends.Zip(tokens, (e, t) => e - t.Length)], CharEnd = ends, Mask = [.. Enumerable.Repeat(1, count)], SamplerLogprobs = Column(), StudentLogprobs = Column(), TeacherLogprobs = Column(),
            Divergence = Column(), StudentEntropy = Column(), TeacherEntropy = Column(), Advantage = Column(), Weight = Column(), Loss = Column(), AdvantageShift = Column(), LambdaStar = Column(), Skew = Column(),
            Stages = new Dictionary<string, float[]> { ["a"] = Column(), ["b"] = Column(), ["c"] = Column() }, Terms = new Dictionary<string, float[]> { ["d"] = Column() }, TeacherRank = [.. Enumerable.Range(1, count)],
            StudentTopIds = ids, StudentTopTexts = texts, StudentTopLogprobs = logprobs, TeacherTopIds = ids, TeacherTopTexts = texts, TeacherTopLogprobs = logprobs,
        };
    }
}
