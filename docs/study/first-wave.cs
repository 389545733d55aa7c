#:project ../../daemon/OpdCode.Distillation/OpdCode.Distillation.csproj
#:property PublishAot=false
#:property TreatWarningsAsErrors=false
#:property GenerateDocumentationFile=false

// The study of docs/study/first-wave.md: every method's sample against plain on-policy distillation and against
// supervised learning, from the same student, until the same number of response tokens has been trained on.
//
//   dotnet run -c Release docs/study/first-wave.cs                         what is missing in first-wave.jsonl, then the page
//   dotnet run -c Release docs/study/first-wave.cs -- --part 1/2           every second method: start two, one a core
//   dotnet run -c Release docs/study/first-wave.cs -- --only pbsd,opsd --seeds 5 --rollouts 2560
//   dotnet run -c Release docs/study/first-wave.cs -- --time               seed 1 of everything again, on one thread: its seconds count
//   dotnet run -c Release docs/study/first-wave.cs -- --page               only the page, from first-wave.jsonl
//
// Every method and baseline gets the learning rate of three that did best by the accuracy on 300 prompts of the training
// file, in runs with a seed of their own; the held-out prompts are only looked at in the runs that count.
//
// A line of first-wave.jsonl is one finished run; a run that is there is not made again. The budget of tokens is the number
// of rollouts times the mean length of the solutions in the task's training file.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Distillation;
using OpdCode.Distillation.Evaluation;
using OpdCode.Distillation.Feedback;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Models.Native;
using OpdCode.Models.Tokenization;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using OpdCode.Recipes.Methods;
using OpdCode.Recipes.Resolving;
using TorchSharp;

const int HeldOut = 300; // prompts behind every accuracy
const int TrialSeed = 1000; // the runs that choose a learning rate
double[] rates = [0.0001, 0.0003, 0.001];
const double Slack = 1.25; // steps planned beyond the budget, for a method that writes less in a step than the others
const string PlainOpd = "plain OPD (reverse KL)", Supervised = "supervised";
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string here = AppContext.GetData("EntryPointFileDirectoryPath") as string ?? "docs/study";
string root = Path.GetFullPath(Path.Combine(here, "..", "..")), results = Path.Combine(here, "first-wave.jsonl");
// A sample with one thing taken away: what shows whether that thing does what its paper says.
(string Name, string Of, string[] Set)[] controls =
[
    ("distillm-2, β rising to 1.5", "distillm-2", ["offPolicy.balance={}"]),
    ("distillm-2, α for every response", "distillm-2", ["""stabilizers=[{"kind": "adaptive-skew"}]"""]),
    ("minillm with a pre-training text", "minillm", ["""pretraining={"data": "data/corpus.txt", "tokens": 64, "judgeShare": 0}"""]),
    ("eopd without its forward KL", "eopd", ["stabilizers=[]"]),
    ("egrsd without its gate", "egrsd", ["""stabilizers=[{"kind": "welford-whitening"}, {"kind": "ratio-magnitude", "epsilon": 0.2, "mix": 1}]"""]),
    ("listopd, λ = 2, held below the cliff", "listopd", ["signal.extrapolation.lambda=2"]),
    ("listopd, λ = 2, not held", "listopd", ["signal.extrapolation.lambda=2", "signal.extrapolation.guard=report"]),
    ("unisd, judge frozen, not clipped", "unisd", ["signal.weights=frozen", "stabilizers=[]"]),
    ("gui-sd, all tokens alike", "gui-sd", ["stabilizers=[]"]),
    ("prefix-teach of the whole text", "prefix-teach", ["stabilizers=[]"]),
    ("effopd without acceleration", "effopd", ["acceleration=null"]),
    ("tip by entropy alone", "tip", ["""stabilizers=[{"kind": "token-selection", "by": "student-entropy"}, {"kind": "normalize-weights"}]"""]),
    ("tip of all tokens", "tip", ["stabilizers=[]"]),
    ("uni-opd without balance and margin", "uni-opd", ["""stabilizers=[{"kind": "log-ratio-mask", "max": 10}]"""]),
];
// What each of the papers that this product was founded on says first, as far as it can be put as "a is better than b".
(string Method, string Claim, string? Against)[] claims =
[
    ("listopd, λ = 2, held below the cliff", "Structured output breaks where λ passes the cliff; held below it, it does not (ListOPD)", "listopd, λ = 2, not held"),
    ("eopd", "Adding the forward KL where the teacher is unsure helps (EOPD)", "eopd without its forward KL"),
    ("egrsd", "Lowering tokens where the seeing self is unsure helps (EGRSD)", "egrsd without its gate"),
    ("cl-egrsd", "Looking ahead before lowering helps further (CL-EGRSD)", "egrsd"),
    ("ophsd", "Judged by itself inside a harness, the student gets better without the harness (OPHSD)", null),
    ("unisd", "An averaged judge with clipped tokens is better than raw self-distillation (UniSD)", "unisd, judge frozen, not clipped"),
    ("unisd-star", "The further parts help (UniSD*)", "unisd"),
    ("pbsd", "Preferring what the seeing self writes is better than matching the seeing self (PBSD)", "opsd"),
    ("gui-sd", "Weights by digit place and confidence help (GUI-SD)", "gui-sd, all tokens alike"),
    ("prefix-teach", "Releasing the tail that the teacher cannot judge helps (Prefix Teach, Suffix Fade)", "prefix-teach of the whole text"),
    ("distillm-2, β rising to 1.5", "Shifting weight to the student's own text as it learns helps (DistiLLM-2)", "distillm-2"),
    ("distillm-2, α for every response", "A skew for every response helps (DistiLLM-2)", "distillm-2"),
    ("effopd", "Moving on along the update's direction gets further in the same number of tokens (EffOPD)", "effopd without acceleration"),
    ("tip", "Half of the tokens, well chosen, teach more than all of them (TIP)", "tip of all tokens"),
    ("tip", "Choosing by entropy and disagreement is better than by entropy alone (TIP)", "tip by entropy alone"),
    ("uni-opd", "Balance and margin help (Uni-OPD)", "uni-opd without balance and margin"),
];
int seeds = int.Parse(Option("--seeds") ?? "5"), rollouts = int.Parse(Option("--rollouts") ?? "2560");
string[]? only = Option("--only")?.Split(',');
int[] part = (Option("--part") ?? "1/1").Split('/').Select(int.Parse).ToArray();
using var writing = new Mutex(false, "opdcode-study"); // the parts append to one file
if (args.Contains("--time")) Time();
else if (!args.Contains("--page")) Measure();
WritePage();

string? Option(string name) => Array.IndexOf(args, name) is int i and >= 0 && i + 1 < args.Length ? args[i + 1] : null;

void Measure()
{
    TorchRuntime.EnsureLoaded();
    if (part[1] > 1) torch.set_num_threads(1);
    int number = 0;
    foreach ((string method, string task, string sample, string[] set) in Plan())
    {
        if (number++ % part[1] != part[0] - 1) continue; // all runs of a method are made by one process: the later need the earlier
        foreach (double rate in rates) Once(new Planned(method, task, sample, set, TrialSeed, rate));
        double best = Lines().Where(o => o.Task == task && o.Method == method && o.Seed == TrialSeed).MaxBy(o => o.AccuracyTrain)!.LearningRate;
        for (int seed = 1; seed <= seeds; seed++) Once(new Planned(method, task, sample, set, seed, best));
    }
}

// Runs of the study may have shared the machine; these should not. The same seed must come to the same result, too.
void Time()
{
    TorchRuntime.EnsureLoaded();
    torch.set_num_threads(1);
    Outcome[] all = [.. Lines()];
    foreach ((string method, string task, string sample, string[] set) in Plan())
    {
        int at = Array.FindIndex(all, o => (o.Task, o.Method, o.Seed) == (task, method, 1));
        Outcome again = Run(new Planned(method, task, sample, set, 1, all[at].LearningRate));
        if (again with { Seconds = 0 } != all[at] with { Seconds = 0 }) Console.WriteLine($"{task} {method}: another result than before: {all[at]} became {again}");
        all[at] = again;
        File.WriteAllText(results, string.Concat(all.Select(Line)));
        Console.WriteLine($"{task} {method}: {again.Seconds:F1} s");
    }
}

void Once(Planned planned)
{
    if (Lines().Any(o => (o.Task, o.Method, o.Seed, o.LearningRate) == (planned.Task, planned.Method, planned.Seed, planned.LearningRate))) return;
    Outcome outcome = Run(planned);
    writing.WaitOne();
    File.AppendAllText(results, Line(outcome));
    writing.ReleaseMutex();
    Console.WriteLine($"{planned.Task} {planned.Method} seed {planned.Seed} rate {planned.LearningRate}: {outcome.AccuracyBefore:P1} -> {outcome.AccuracyAfter:P1} (training prompts {outcome.AccuracyTrain:P1}), KL {outcome.Kl:F3}, length {outcome.Length:F1}, {outcome.Seconds:F1} s");
}

IEnumerable<(string Method, string Task, string Sample, string[] Set)> Plan()
{
    var tasks = new Dictionary<string, string>();
    string[] samples = [.. Directory.EnumerateFiles(Path.Combine(root, "samples", "methods"), "*.opd.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
    foreach (string sample in samples)
    {
        RecipeReading reading = RecipeReader.Read(sample);
        if (reading.Recipe is null) throw new InvalidOperationException($"{sample}: {reading.Problems[0].Message}");
        if (reading.Recipe.Method is null or "supervised") continue; // the recipe that made the models; a baseline
        // Samples that only differ in their method share their baselines.
        string task = Path.GetRelativePath(root, reading.FullPath(reading.Recipe.Data.Train)).Replace('\\', '/');
        tasks.TryAdd(task, sample);
        string method = reading.Recipe.Method;
        if (only is not null && !only.Contains(method)) continue;
        yield return (method, task, sample, []);
        foreach ((string name, string of, string[] set) in controls)
            if (of == method) yield return (name, task, sample, set);
    }
    foreach ((string task, string sample) in tasks)
        foreach (string baseline in new[] { PlainOpd, Supervised }) yield return (baseline, task, sample, []);
}

Outcome Run(Planned planned)
{
    string folder = Directory.CreateTempSubdirectory("opdcode-study-").FullName;
    try
    {
        RecipeReading sample = RecipeReader.Read(planned.Sample);
        Recipe recipe = sample.Recipe!;
        string teacher = recipe.Signal is TeacherSignalRecipe signal ? sample.FullPath(signal.Model)
            : planned.Task.StartsWith("samples/arithmetic", StringComparison.Ordinal) ? Path.Combine(root, "samples", "arithmetic", "teacher")
            : Path.Combine(Path.GetDirectoryName(sample.FullPath(recipe.Student.Model))!, "teacher"); // the one beside its student
        int samplesPerPrompt = planned.Method == Supervised ? 1 : recipe.Rollout.SamplesPerPrompt;
        int promptsPerStep = planned.Method == Supervised ? recipe.Rollout.PromptsPerStep * recipe.Rollout.SamplesPerPrompt : recipe.Rollout.PromptsPerStep;
        int steps = (int)(Slack * rollouts / (promptsPerStep * samplesPerPrompt));
        long budget = Budget(sample);
        string[] set = [$"seed={planned.Seed}", $"optimizer.learningRate={planned.LearningRate}", $"steps={steps}", $"optimizer.warmupSteps={Math.Min(recipe.Optimizer.WarmupSteps, steps / 5)}", "record.every=0", "checkpoint.every=0", "evaluate.every=0", "evaluate.count=1", .. planned.Set];
        string path = planned.Sample;
        if (planned.Method is PlainOpd or Supervised)
        {
            path = Path.Combine(folder, "baseline.opd.json");
            File.WriteAllText(path, Baseline(sample, planned.Method, teacher, promptsPerStep, samplesPerPrompt).ToJsonString());
        }
        RecipeReading reading = RecipeReader.Read(path, set);
        if (reading.Recipe is null) throw new InvalidOperationException($"{planned}: {string.Join(" ", reading.Problems.Select(p => p.Message))}");
        var clock = Stopwatch.StartNew();
        string runFolder = Path.Combine(folder, "run");
        long tokens;
        using (DistillationSession session = DistillationSession.Open(reading, runFolder, TimeProvider.System))
        {
            foreach (StepReport _ in session.Run(CancellationToken.None))
                if (session.Summary("").Tokens >= budget) session.RequestStop(StopKind.Stop);
            tokens = session.Summary("").Tokens;
        }
        double seconds = clock.Elapsed.TotalSeconds;
        StepMetrics[] metrics = [.. RunReader.Open(runFolder).ReadMetrics().Where(m => m.Values.ContainsKey("responseLength"))];
        double length = metrics.TakeLast(5).Average(m => m.Values["responseLength"]);
        string trained = Directory.EnumerateDirectories(Path.Combine(runFolder, "checkpoints"), "checkpoint-*").MaxBy(d => int.Parse(Path.GetFileName(d)["checkpoint-".Length..]))!;
        string heldOut = recipe.Evaluate?.Data is { } data ? sample.FullPath(data) : sample.FullPath(recipe.Data.Train);
        double before = Accuracy(sample.FullPath(recipe.Student.Model), sample, heldOut), after = Accuracy(trained, sample, heldOut);
        double train = Accuracy(trained, sample, sample.FullPath(recipe.Data.Train));
        return new Outcome(planned.Method, planned.Task, planned.Seed, planned.LearningRate, metrics.Max(m => m.Step), tokens, budget, before, after, train, length, Kl(trained, teacher, heldOut, recipe), seconds, recipe.Method == "minillm" ? Lists(trained) : null);
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

// Tokens of the solutions that as many rollouts would hold.
long Budget(RecipeReading sample)
{
    using LanguageModel student = LanguageModel.Load(sample.FullPath(sample.Recipe!.Student.Model), torch.CPU);
    double length = DataFile.Read(sample.FullPath(sample.Recipe.Data.Train)).Take(500).Average(e => student.Tokenizer.Encode(e.Completion!, SpecialTokens.None).Ids.Length + 1.0); // and the token that ends it
    return (long)(rollouts * length);
}

// Share of a file's first prompts that the model answers correctly, greedily.
double Accuracy(string folder, RecipeReading sample, string data)
{
    using LanguageModel model = LanguageModel.Load(folder, torch.CPU);
    Recipe recipe = sample.Recipe!;
    EvaluateRecipe evaluate = recipe.Evaluate! with { Data = data, Count = HeldOut };
    IReadOnlyList<EncodedPrompt> prompts = PromptEncoder.ReadHeldOut(evaluate, recipe.Data, model, recipe.Rollout.MaxNewTokens);
    return new Evaluator(evaluate, evaluate.Data, prompts, recipe.Rollout.MaxNewTokens).Evaluate(model, CancellationToken.None).Accuracy;
}

// What a student of another task still knows: share of the first held-out lists that it solves. For methods that are to keep it.
double Lists(string folder)
{
    RecipeReading sample = RecipeReader.Read(Path.Combine(root, "samples", "methods", "listopd.opd.json"));
    return Accuracy(folder, sample, sample.FullPath(sample.Recipe!.Evaluate!.Data!));
}

// KL(student‖teacher) in nats per token, full vocabulary, on what the trained student samples at temperature 1 for the first 100 held-out prompts.
double Kl(string student, string teacher, string heldOut, Recipe recipe)
{
    using LanguageModel learner = LanguageModel.Load(student, torch.CPU);
    using var judge = new TeacherSignal(LanguageModel.Load(teacher, torch.CPU));
    IObjective objective = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "reverse-kl" });
    int[][] prompts = [.. DataFile.Read(heldOut).Take(100).Select(e => recipe.Data.Format == PromptFormat.Plain ? learner.EncodePlain(e.Prompt!) : learner.EncodeChat([new("user", e.Prompt!)]))];
    var options = new SamplingOptions { MaxNewTokens = recipe.Rollout.MaxNewTokens, Temperature = 1, StopIds = learner.StopIds, Seed = 20260101 };
    IReadOnlyList<GeneratedSequence> written = Generator.Generate(learner.Decoder, learner.VocabularySize, prompts, [.. prompts.Select((_, i) => (long)i)], options, cancel: CancellationToken.None);
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

static string Line(Outcome outcome) => JsonSerializer.Serialize(outcome, new JsonSerializerOptions { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull }) + "\n";

IEnumerable<Outcome> Lines() => File.Exists(results) ? File.ReadLines(results).Where(l => l.Length > 0).Select(l => JsonSerializer.Deserialize<Outcome>(l)!) : [];

void WritePage()
{
    string pagePath = Path.Combine(here, "first-wave.md");
    string page = File.Exists(pagePath) ? File.ReadAllText(pagePath) : "<!-- tables -->\n<!-- end -->\n";
    const string Begin = "<!-- tables -->", End = "<!-- end -->";
    int a = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, b = page.IndexOf(End, StringComparison.Ordinal);
    var text = new StringBuilder("\n");
    foreach (IGrouping<string, Outcome> task in Lines().Where(o => o.Seed != TrialSeed).GroupBy(o => o.Task).OrderBy(g => g.Key, StringComparer.Ordinal))
    {
        Outcome[] plain = [.. task.Where(o => o.Method == PlainOpd)];
        text.Append($"\n### {task.Key}\n\nBefore training: {Interval([.. task.Select(o => o.AccuracyBefore)], "P1")}.\n\n");
        text.Append("| method | seeds | learning rate | accuracy after | minus plain OPD | mean length, tokens | KL(student‖teacher), nats per token | student tokens | seconds of seed 1 |\n|---|---|---|---|---|---|---|---|---|\n");
        foreach (IGrouping<string, Outcome> method in task.GroupBy(o => o.Method).OrderBy(g => g.Key is PlainOpd ? 0 : g.Key is Supervised ? 1 : 2).ThenBy(g => g.Key, StringComparer.Ordinal))
        {
            Outcome[] runs = [.. method];
            double[] differences = [.. from run in runs from other in plain where other.Seed == run.Seed select run.AccuracyAfter - other.AccuracyAfter];
            string difference = method.Key == PlainOpd || differences.Length < 2 ? "" : Interval(differences, "P1", sign: true);
            text.Append($"| {method.Key} | {runs.Length} | {runs[0].LearningRate} | {Interval([.. runs.Select(r => r.AccuracyAfter)], "P1")} | {difference} | {Interval([.. runs.Select(r => r.Length)], "F1")} | {Interval([.. runs.Select(r => r.Kl)], "F3")} | {runs.Average(r => r.Tokens):N0} | {runs.First(r => r.Seed == 1).Seconds:F1} |\n");
        }
        Outcome[] keeping = [.. task.Where(o => o.Kept is not null)];
        if (keeping.Length > 0)
            text.Append($"\nLists that this student of another task still solves afterwards: {string.Join("; ", keeping.GroupBy(o => o.Method).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {Interval([.. g.Select(o => o.Kept!.Value)], "P1")}"))}.\n");
    }
    WriteClaims(text);
    File.WriteAllText(pagePath, page[..a] + text + "\n" + page[b..]);
}

// A claim is seen when the 95 % interval of its difference over the seeds lies above 0, contradicted when it lies below.
void WriteClaims(StringBuilder text)
{
    Outcome[] runs = [.. Lines().Where(o => o.Seed != TrialSeed)];
    text.Append("\n### What the papers say first\n\n| claim | method | against | accuracy | of the other | difference | here |\n|---|---|---|---|---|---|---|\n");
    foreach ((string method, string claim, string? against) in claims)
    {
        Outcome[] own = [.. runs.Where(o => o.Method == method && (against is null || runs.Any(r => r.Method == against && r.Seed == o.Seed)))];
        if (own.Length < 2) continue;
        double Other(Outcome o) => against is null ? o.AccuracyBefore : runs.First(r => r.Method == against && r.Seed == o.Seed).AccuracyAfter;
        double[] differences = [.. own.Select(o => o.AccuracyAfter - Other(o))];
        double mean = differences.Average(), half = HalfWidth(differences);
        string here = mean > half ? "seen" : mean < -half ? "the opposite is seen" : own.All(o => o.AccuracyAfter < 0.05 && Other(o) < 0.05) ? "undecidable at this size: hardly any answer is right" : "not seen: the interval contains 0";
        text.Append($"| {claim} | {method} | {against ?? "before training"} | {Interval([.. own.Select(o => o.AccuracyAfter)], "P1")} | {Interval([.. own.Select(Other)], "P1")} | {Interval(differences, "P1", sign: true)} | {here} |\n");
    }
}

// Mean ± half width of the 95 % interval, Student's t over the seeds.
static string Interval(double[] values, string format, bool sign = false)
{
    double mean = values.Average();
    string plus = sign && mean >= 0 ? "+" : "";
    return plus + mean.ToString(format) + (values.Length < 2 ? "" : $" ± {HalfWidth(values).ToString(format)}");
}

static double HalfWidth(double[] values)
{
    double[] t = [0, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
    double mean = values.Average(), deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    return (values.Length - 1 < t.Length ? t[values.Length - 1] : 1.96) * deviation / Math.Sqrt(values.Length);
}

internal sealed record Planned(string Method, string Task, string Sample, string[] Set, int Seed, double LearningRate);

internal sealed record Outcome(string Method, string Task, int Seed, double LearningRate, int Steps, long Tokens, long Budget, double AccuracyBefore, double AccuracyAfter, double AccuracyTrain, double Length, double Kl, double Seconds, double? Kept = null);
