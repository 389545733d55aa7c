using System.Globalization;
using System.Text;
using System.Text.Json;
using OpdCode.Distillation.Runs;

namespace OpdCode.Daemon.Tests.Reports;

/// <summary>
/// Writes a run folder that looks like a real one (additions with worked steps, a student that gets better), with
/// seeded numbers, so that the report can be looked at and tested without training anything.
/// </summary>
internal sealed class SyntheticRun(string folder, int seed = 7)
{
    private readonly Random _random = new(seed);

    public string Folder { get; } = folder;

    public int Steps { get; init; } = 200;

    public int RolloutsPerStep { get; init; } = 6;

    public void Write()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "rollouts"));
        WriteRecipe();
        WriteMetrics();
        for (int step = 0; step <= Steps; step += 20)
        {
            int recorded = Math.Max(1, step);
            WriteLines($"rollouts/{RunJson.RolloutFileName(recorded)}", Enumerable.Range(0, RolloutsPerStep).Select(index => Rollout(recorded, index)));
        }

        WriteAnswers();
        DateTimeOffset start = new(2025, 11, 4, 9, 30, 0, TimeSpan.Zero);
        WriteLines(
            "events.jsonl",
            [
                new RunEvent { Time = start, Event = "started" },
                new RunEvent { Time = start.AddSeconds(4), Event = "evaluated", Message = "accuracy 0.115 on 200 prompts" },
                new RunEvent { Time = start.AddSeconds(66), Event = "checkpoint", Step = 100, Message = "checkpoints/checkpoint-100" },
                new RunEvent { Time = start.AddSeconds(127.4), Event = "checkpoint", Step = 200, Message = "checkpoints/checkpoint-200" },
                new RunEvent { Time = start.AddSeconds(131.2), Event = "finished", Step = 200 },
            ]);
    }

    public void WriteLines<T>(string name, IEnumerable<T> lines)
    {
        string path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, string.Concat(lines.Select(line => JsonSerializer.Serialize(line, RunJson.Options) + "\n")));
    }

    private double Progress(int step) => 1 - Math.Exp(-step / (Steps / 3.2));

    private void WriteRecipe()
    {
        File.WriteAllText(Path.Combine(Folder, "recipe.json"), """
            {"version":1,"name":"arithmetic","student":{"model":"students/weak"},"objective":{"kind":"divergence","divergence":"reverse-kl"},
             "signal":{"kind":"teacher","model":"teachers/arithmetic"},"stabilizers":[],"data":{"train":"data/train.jsonl","format":"Plain"},
             "rollout":{"promptsPerStep":32,"samplesPerPrompt":1,"maxNewTokens":96,"temperature":1},"steps":200,"seed":1,
             "evaluate":{"data":"data/heldout.jsonl","every":20,"count":200},"device":"auto",
             "run":{"id":"20251104-093000-arithmetic","started":"2025-11-04T09:30:00Z","version":"0.1.0","device":"cpu","studentParameters":112384,
             "teacherParameters":771072,"dataHashes":{"data/train.jsonl":"1f6d3bd51c8e5b5a4a3b8a4e6b9f3a7c0c5e2d1f9a8b7c6d5e4f30211223344f"}}}
            """);
        File.WriteAllText(Path.Combine(Folder, "metrics.labels.json"), """
            {"loss":{"title":"Loss","unit":"nats per token","estimator":"mean over response tokens of weight × divergence","sign":"positive: the student differs from the teacher"},
             "divergence":{"title":"Divergence","unit":"nats per token","estimator":"reverse KL, KL(student‖teacher), full vocabulary","sign":"never negative; 0 where both agree"},
             "studentEntropy":{"title":"Student entropy","unit":"nats","estimator":"full vocabulary"},
             "accuracy":{"title":"Accuracy","estimator":"greedy, exact match on held-out prompts"}}
            """);
    }

    private void WriteMetrics() => WriteLines("metrics.jsonl", Enumerable.Range(0, Steps + 1).Select(step =>
    {
        double progress = Progress(step);
        Dictionary<string, double> values = [];
        if (step > 0)
        {
            double divergence = (2.1 * (1 - progress) + 0.09) * (1 + 0.25 * Normal());
            values["seconds"] = 0.55 + 0.04 * Normal();
            values["loss"] = Math.Max(0.01, divergence);
            values["divergence"] = Math.Max(0.01, divergence);
            values["studentEntropy"] = 0.25 + 0.9 * (1 - progress) + 0.05 * Normal();
            values["teacherEntropy"] = 0.2 + 0.35 * (1 - progress) + 0.04 * Normal();
            values["gradientNorm"] = Math.Exp(1.1 * (1 - progress) + 0.3 * Normal());
            values["learningRate"] = 1e-3 * Math.Min(1, step / 10.0) * (0.55 + 0.45 * Math.Cos(Math.PI * step / Steps));
            values["responseTokens"] = Math.Round(32 * (38 + 22 * (1 - progress) + 2 * Normal()));
            values["responseLength"] = values["responseTokens"] / 32;
            values["truncated"] = Math.Max(0, Math.Round(32 * (0.3 * (1 - progress) + 0.02 * Normal())) / 32);
            values["rolloutTokensPerSecond"] = 3900 + 220 * Normal();
            values["trainTokensPerSecond"] = 8200 + 350 * Normal();
            values["memoryBytes"] = 4.1e8 + 2e6 * step / Steps;
        }

        if (step % 20 == 0)
        {
            values["accuracy"] = Math.Round(200 * Math.Clamp(0.115 + 0.79 * progress + 0.015 * Normal(), 0, 1)) / 200;
            values["evaluated"] = 200;
        }

        return new StepMetrics(step, values);
    }));

    private void WriteAnswers() => WriteLines("answers.jsonl", Enumerable.Range(0, 60).Select(index =>
    {
        int left = _random.Next(10, 90), right = _random.Next(10, 90);
        bool before = _random.NextDouble() < 0.12, after = before ? _random.NextDouble() < 0.9 : _random.NextDouble() < 0.85;
        return new AnswerRecord
        {
            Index = index,
            Prompt = $"{left}+{right}=?",
            Reference = (left + right).ToString(CultureInfo.InvariantCulture),
            Before = Worked(left, right, before ? 0 : 3),
            BeforeCorrect = before,
            After = Worked(left, right, after ? 0 : 10),
            AfterCorrect = after,
        };
    }));

    private static string Worked(int left, int right, int error)
    {
        int units = left % 10 + right % 10, carry = units / 10, tens = left / 10 + right / 10 + carry;
        return $"units: {left % 10}+{right % 10}={units}, carry {carry}\ntens: {left / 10}+{right / 10}+{carry}={tens}\nanswer: {left + right + error}";
    }

    private RolloutRecord Rollout(int step, int index)
    {
        int left = _random.Next(10, 90), right = _random.Next(10, 90);
        bool correct = _random.NextDouble() < 0.1 + 0.8 * Progress(step);
        string text = Worked(left, right, correct ? 0 : 1 + _random.Next(9));
        if (index == 3)
        {
            text = "well done 👍🏽 naïve\t  指数 " + text + " שלום";
        }

        bool cut = index == 4 && step < 60;
        List<(string Text, int Start, int End)> tokens = Split(text);
        if (!cut)
        {
            tokens.Add(("<|im_end|>", text.Length, text.Length));
        }

        int n = tokens.Count;
        RolloutRecord rollout = new()
        {
            Step = step, Index = index, Prompt = $"{left}+{right}=?\n", Response = text, Finish = cut ? "length" : "stop",
            Reference = (left + right).ToString(CultureInfo.InvariantCulture), Answer = text[(text.LastIndexOf(' ') + 1)..], Correct = correct,
            DivergenceLabel = "reverse KL, KL(student‖teacher), full vocabulary, nats",
            TokenIds = [.. tokens.Select(token => 1 + (StringHash(token.Text) & 0x7FF))],
            TokenTexts = [.. tokens.Select(token => token.Text)],
            CharStart = [.. tokens.Select(token => token.Start)], CharEnd = [.. tokens.Select(token => token.End)],
            Mask = [.. tokens.Select((_, t) => index == 2 && t < 3 ? 0 : 1)],
            StudentLogprobs = new float[n], SamplerLogprobs = new float[n], TeacherLogprobs = new float[n], Divergence = new float[n],
            StudentEntropy = new float[n], TeacherEntropy = new float[n], Weight = new float[n], Loss = new float[n], TeacherRank = new int[n],
            StudentTopIds = new int[n][], StudentTopTexts = new string[n][], StudentTopLogprobs = new float[n][],
            TeacherTopIds = new int[n][], TeacherTopTexts = new string[n][], TeacherTopLogprobs = new float[n][],
        };
        for (int t = 0; t < n; t++)
        {
            Score(rollout, t, Progress(step));
        }

        return rollout;
    }

    private void Score(RolloutRecord rollout, int t, double progress)
    {
        bool digit = char.IsAsciiDigit(rollout.TokenTexts[t].TrimStart().FirstOrDefault());
        double student = digit ? 0.45 + 0.5 * progress * _random.NextDouble() + 0.04 : 0.93 + 0.06 * _random.NextDouble();
        double doubt = digit && _random.NextDouble() > 0.25 + 0.7 * progress ? Math.Pow(_random.NextDouble(), 3) : 1;
        double teacher = Math.Clamp((digit ? 0.97 : 0.985) * doubt - 0.01 * _random.NextDouble(), 1e-5, 0.999);
        rollout.StudentLogprobs![t] = rollout.SamplerLogprobs![t] = (float)Math.Log(student);
        rollout.TeacherLogprobs![t] = (float)Math.Log(teacher);
        rollout.Divergence![t] = (float)(student * Math.Log(student / teacher) + (1 - student) * Math.Log((1 - student) / (1 - teacher)));
        rollout.StudentEntropy![t] = (float)(-student * Math.Log(student) + (1 - student) * (2 - Math.Log(1 - student)));
        rollout.TeacherEntropy![t] = (float)(-teacher * Math.Log(teacher) + (1 - teacher) * (1 - Math.Log(1 - teacher)));
        rollout.Weight![t] = rollout.Mask![t];
        rollout.Loss![t] = rollout.Weight[t] * rollout.Divergence[t];
        rollout.TeacherRank![t] = teacher > 0.5 ? 1 : teacher > 0.2 ? 2 : teacher > 0.02 ? 4 : 3 + _random.Next(20);
        (rollout.StudentTopIds![t], rollout.StudentTopTexts![t], rollout.StudentTopLogprobs![t]) = Top(rollout, t, student, 1);
        (rollout.TeacherTopIds![t], rollout.TeacherTopTexts![t], rollout.TeacherTopLogprobs![t]) = Top(rollout, t, teacher, rollout.TeacherRank[t]);
    }

    private (int[] Ids, string[] Texts, float[] Logprobs) Top(RolloutRecord rollout, int t, double own, int rank)
    {
        List<(int Id, string Text, double P)> rows = rank <= 5 ? [(rollout.TokenIds[t], rollout.TokenTexts[t], own)] : [];
        double rest = 1 - own;
        while (rows.Count < 5)
        {
            string text = rollout.TokenTexts[t].StartsWith(' ') ? $" {_random.Next(10)}" : $"{_random.Next(20)}";
            rows.Add((4000 + rows.Count * 31 + t, text, rest *= rest == 1 - own ? 0.55 : 0.4)); // sums to less than 1 − own
        }

        rows.Sort((a, b) => b.P.CompareTo(a.P));
        return ([.. rows.Select(row => row.Id)], [.. rows.Select(row => row.Text)], [.. rows.Select(row => (float)Math.Log(row.P))]);
    }

    /// <summary>Words with their leading space, single digits and marks; a character outside the BMP is four byte tokens.</summary>
    private static List<(string Text, int Start, int End)> Split(string text)
    {
        List<(string Text, int Start, int End)> tokens = [];
        int i = 0;
        while (i < text.Length)
        {
            int end = i + 1;
            if (char.IsHighSurrogate(text[i]))
            {
                for (int part = 0; part < Encoding.UTF8.GetByteCount(text.AsSpan(i, 2)); part++)
                {
                    tokens.Add(("\uFFFD", i, i + 2));
                }

                i += 2;
                continue;
            }

            if (text[i] == ' ' && end < text.Length && char.IsLetter(text[end]) || char.IsLetter(text[i]))
            {
                while (end < text.Length && char.IsLetter(text[end]))
                {
                    end++;
                }
            }

            tokens.Add((text[i..end], i, end));
            i = end;
        }

        return tokens;
    }

    private static int StringHash(string text) => text.Aggregate(17, (hash, character) => unchecked(hash * 31 + character));

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
