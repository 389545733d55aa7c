#:project ../../daemon/OpdCode.Distillation/OpdCode.Distillation.csproj
#:property PublishAot=false
#:property TreatWarningsAsErrors=false
#:property GenerateDocumentationFile=false

// The study of docs/study/first-wave.md: every method's sample against plain on-policy distillation and against
// supervised learning, from the same student, with the same number of rollouts.
//
//   dotnet run -c Release docs/study/first-wave.cs                         what is missing in first-wave.jsonl, then the page
//   dotnet run -c Release docs/study/first-wave.cs -- --part 1/2           every second run: start two, one a core
//   dotnet run -c Release docs/study/first-wave.cs -- --only pbsd,opsd --seeds 5 --rollouts 4096
//   dotnet run -c Release docs/study/first-wave.cs -- --page               only the page, from first-wave.jsonl
//
// A line of first-wave.jsonl is one finished run; a run that is there is not made again.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Distillation;
using OpdCode.Distillation.Feedback;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Models.Native;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using OpdCode.Recipes.Methods;
using OpdCode.Recipes.Resolving;
using TorchSharp;

const string PlainOpd = "plain OPD (reverse KL)", Supervised = "supervised";
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string here = AppContext.GetData("EntryPointFileDirectoryPath") as string ?? "docs/study";
string root = Path.GetFullPath(Path.Combine(here, "..", "..")), results = Path.Combine(here, "first-wave.jsonl");
int seeds = int.Parse(Option("--seeds") ?? "5"), rollouts = int.Parse(Option("--rollouts") ?? "4096");
string[]? only = Option("--only")?.Split(',');
int[] part = (Option("--part") ?? "1/1").Split('/').Select(int.Parse).ToArray();
if (!args.Contains("--page")) Measure();
WritePage();

string? Option(string name) => Array.IndexOf(args, name) is int i and >= 0 && i + 1 < args.Length ? args[i + 1] : null;

void Measure()
{
    TorchRuntime.EnsureLoaded();
    if (part[1] > 1) torch.set_num_threads(1);
    HashSet<string> done = [.. Lines().Select(Key)];
    int number = 0;
    foreach (Planned planned in Plan())
    {
        if (number++ % part[1] != part[0] - 1 || done.Contains(planned.Key)) continue;
        Outcome outcome = Run(planned);
        File.AppendAllText(results, JsonSerializer.Serialize(outcome) + "\n");
        Console.WriteLine($"{planned.Key}: {outcome.AccuracyBefore:P1} -> {outcome.AccuracyAfter:P1}, KL {outcome.Kl:F3}, length {outcome.Length:F1}, {outcome.Seconds:F1} s");
    }
}

IEnumerable<Planned> Plan()
{
    var tasks = new Dictionary<string, string>();
    string[] samples = [.. Directory.EnumerateFiles(Path.Combine(root, "samples", "methods"), "*.opd.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
    foreach (string sample in samples)
    {
        RecipeReading reading = RecipeReader.Read(sample);
        if (reading.Recipe is null) throw new InvalidOperationException($"{sample}: {reading.Problems[0].Message}");
        // Samples that only differ in their method share their baselines.
        string task = Path.GetRelativePath(root, reading.FullPath(reading.Recipe.Data.Train)).Replace('\\', '/');
        tasks.TryAdd(task, sample);
        string method = reading.Recipe.Method ?? Path.GetFileName(sample).Replace(".opd.json", "", StringComparison.Ordinal);
        if (only is null || only.Contains(method))
            for (int seed = 1; seed <= seeds; seed++) yield return new Planned(method, task, sample, seed);
    }
    foreach ((string task, string sample) in tasks)
        foreach (string baseline in new[] { PlainOpd, Supervised })
            for (int seed = 1; seed <= seeds; seed++) yield return new Planned(baseline, task, sample, seed);
}

Outcome Run(Planned planned)
{
    string folder = Directory.CreateTempSubdirectory("opdcode-study-").FullName;
    try
    {
        RecipeReading sample = RecipeReader.Read(planned.Sample);
        Recipe recipe = sample.Recipe!;
        string teacher = recipe.Signal is TeacherSignalRecipe signal ? sample.FullPath(signal.Model) : Path.Combine(root, "samples", "arithmetic", "teacher");
        int samplesPerPrompt = planned.Method == Supervised ? 1 : recipe.Rollout.SamplesPerPrompt;
        int promptsPerStep = planned.Method == Supervised ? recipe.Rollout.PromptsPerStep * recipe.Rollout.SamplesPerPrompt : recipe.Rollout.PromptsPerStep;
        int steps = Math.Max(1, rollouts / (promptsPerStep * samplesPerPrompt));
        string[] set = [$"seed={planned.Seed}", $"steps={steps}", $"optimizer.warmupSteps={Math.Min(recipe.Optimizer.WarmupSteps, steps / 5)}", "record.every=0", "checkpoint.every=0", "evaluate.every=0"];
        string path = planned.Sample;
        if (planned.Method is PlainOpd or Supervised)
        {
            path = Path.Combine(folder, "baseline.opd.json");
            File.WriteAllText(path, Baseline(sample, planned.Method, teacher, promptsPerStep, samplesPerPrompt).ToJsonString());
        }
        RecipeReading reading = RecipeReader.Read(path, set);
        if (reading.Recipe is null) throw new InvalidOperationException($"{planned.Key}: {string.Join(" ", reading.Problems.Select(p => p.Message))}");
        var clock = Stopwatch.StartNew();
        string runFolder = Path.Combine(folder, "run");
        double before, after, length;
        long tokens;
        using (DistillationSession session = DistillationSession.Open(reading, runFolder, TimeProvider.System))
        {
            foreach (StepReport _ in session.Run(CancellationToken.None)) { }
            var summary = session.Summary("");
            (before, after, tokens) = (summary.Before?.Accuracy ?? double.NaN, summary.After?.Accuracy ?? double.NaN, summary.Tokens);
        }
        double seconds = clock.Elapsed.TotalSeconds;
        StepMetrics[] metrics = [.. RunReader.Open(runFolder).ReadMetrics().Where(m => m.Values.ContainsKey("responseLength"))];
        length = metrics.TakeLast(5).Average(m => m.Values["responseLength"]);
        string trained = Directory.EnumerateDirectories(Path.Combine(runFolder, "checkpoints"), "checkpoint-*").MaxBy(d => int.Parse(Path.GetFileName(d)["checkpoint-".Length..]))!;
        string heldOut = recipe.Evaluate?.Data is { } data ? sample.FullPath(data) : sample.FullPath(recipe.Data.Train);
        return new Outcome(planned.Method, planned.Task, planned.Seed, steps, promptsPerStep * samplesPerPrompt * steps, tokens, before, after, length, Kl(trained, teacher, heldOut, recipe), seconds);
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
}

// The sample with its scale, data and student, and none of its method.
JsonObject Baseline(RecipeReading sample, string method, string teacher, int promptsPerStep, int samplesPerPrompt)
{
    Recipe recipe = sample.Recipe!;
    var json = new JsonObject
    {
        ["version"] = 1,
        ["student"] = new JsonObject { ["model"] = sample.FullPath(recipe.Student.Model) },
        ["objective"] = method == Supervised ? new JsonObject { ["kind"] = "supervised" } : new JsonObject { ["kind"] = "divergence", ["divergence"] = "reverse-kl" },
        ["data"] = new JsonObject { ["train"] = sample.FullPath(recipe.Data.Train), ["format"] = recipe.Data.Format == PromptFormat.Plain ? "plain" : "chat" },
        ["rollout"] = new JsonObject { ["promptsPerStep"] = promptsPerStep, ["samplesPerPrompt"] = samplesPerPrompt, ["maxNewTokens"] = recipe.Rollout.MaxNewTokens },
        ["optimizer"] = new JsonObject { ["learningRate"] = recipe.Optimizer.LearningRate, ["beta2"] = recipe.Optimizer.Beta2, ["warmupSteps"] = recipe.Optimizer.WarmupSteps },
        ["steps"] = 1,
    };
    if (method != Supervised) json["signal"] = new JsonObject { ["kind"] = "teacher", ["model"] = teacher };
    if (recipe.Evaluate is { } e)
        json["evaluate"] = new JsonObject { ["data"] = e.Data is null ? null : sample.FullPath(e.Data), ["count"] = e.Count, ["answerAfter"] = e.AnswerAfter };
    return json;
}

// KL(student‖teacher) in nats per token, full vocabulary, on what the trained student samples at temperature 1 for the first 100 held-out prompts.
double Kl(string student, string teacher, string heldOut, Recipe recipe)
{
    using LanguageModel learner = LanguageModel.Load(student, torch.CPU);
    using var judge = new TeacherSignal(LanguageModel.Load(teacher, torch.CPU));
    IObjective objective = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "reverse-kl" });
    int[][] prompts = [.. DataFile.Read(heldOut).Take(100).Select(e => recipe.Data.Format == PromptFormat.Plain ? learner.EncodePlain(e.Prompt!) : learner.EncodeChat([new("user", e.Prompt!)]))];
    var options = new SamplingOptions { MaxNewTokens = recipe.Rollout.MaxNewTokens, Temperature = 1, StopIds = learner.StopIds, Seed = 20260101 };
    IReadOnlyList<GeneratedSequence> written = Generator.Generate(learner.Decoder, learner.VocabularySize, prompts, [.. prompts.Select((_, i) => (long)i)], options, CancellationToken.None);
    double sum = 0;
    long count = 0;
    for (int i = 0; i < prompts.Length; i++)
    {
        if (written[i].Ids.Length == 0) continue;
        RolloutRecord record = TextScorer.Score(learner, judge, objective, prompts[i], written[i].Ids, 0);
        sum += record.Divergence!.Sum(x => (double)x);
        count += record.Divergence!.Length;
    }
    return sum / count;
}

IEnumerable<Outcome> Lines() => File.Exists(results) ? File.ReadLines(results).Where(l => l.Length > 0).Select(l => JsonSerializer.Deserialize<Outcome>(l)!) : [];

string Key(Outcome o) => $"{o.Task} {o.Method} seed {o.Seed}";

void WritePage()
{
    string pagePath = Path.Combine(here, "first-wave.md");
    string page = File.Exists(pagePath) ? File.ReadAllText(pagePath) : "<!-- tables -->\n<!-- end -->\n";
    const string Begin = "<!-- tables -->", End = "<!-- end -->";
    int a = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, b = page.IndexOf(End, StringComparison.Ordinal);
    var text = new StringBuilder("\n");
    foreach (IGrouping<string, Outcome> task in Lines().GroupBy(o => o.Task).OrderBy(g => g.Key, StringComparer.Ordinal))
    {
        Outcome[] plain = [.. task.Where(o => o.Method == PlainOpd)];
        text.Append($"\n### {task.Key}\n\nBefore training: {Interval([.. task.Select(o => o.AccuracyBefore)], "P1")}.\n\n");
        text.Append("| method | seeds | accuracy after | minus plain OPD | mean length, tokens | KL(student‖teacher), nats per token | student tokens | seconds |\n|---|---|---|---|---|---|---|---|\n");
        foreach (IGrouping<string, Outcome> method in task.GroupBy(o => o.Method).OrderBy(g => g.Key is PlainOpd ? 0 : g.Key is Supervised ? 1 : 2).ThenBy(g => g.Key, StringComparer.Ordinal))
        {
            Outcome[] runs = [.. method];
            double[] differences = [.. from run in runs from other in plain where other.Seed == run.Seed select run.AccuracyAfter - other.AccuracyAfter];
            string difference = method.Key == PlainOpd || differences.Length < 2 ? "" : Interval(differences, "P1", sign: true);
            text.Append($"| {method.Key} | {runs.Length} | {Interval([.. runs.Select(r => r.AccuracyAfter)], "P1")} | {difference} | {Interval([.. runs.Select(r => r.Length)], "F1")} | {Interval([.. runs.Select(r => r.Kl)], "F3")} | {runs.Average(r => r.Tokens):N0} | {runs.Average(r => r.Seconds):F1} |\n");
        }
    }
    File.WriteAllText(pagePath, page[..a] + text + "\n" + page[b..]);
}

// Mean ± half width of the 95 % interval, Student's t over the seeds.
static string Interval(double[] values, string format, bool sign = false)
{
    double[] t = [0, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
    double mean = values.Average();
    string plus = sign && mean >= 0 ? "+" : "";
    if (values.Length < 2) return plus + mean.ToString(format);
    double deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    double half = (values.Length - 1 < t.Length ? t[values.Length - 1] : 1.96) * deviation / Math.Sqrt(values.Length);
    return $"{plus}{mean.ToString(format)} ± {half.ToString(format)}";
}

internal sealed record Planned(string Method, string Task, string Sample, int Seed)
{
    public string Key => $"{Task} {Method} seed {Seed}";
}

internal sealed record Outcome(string Method, string Task, int Seed, int Steps, int Rollouts, long Tokens, double AccuracyBefore, double AccuracyAfter, double Length, double Kl, double Seconds);
