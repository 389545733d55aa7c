// Makes the data of these samples: four tasks that are small enough for tiny models, each with what one kind of method needs.
//
//   dotnet run samples/methods/generate.cs                the committed files
//   dotnet run samples/methods/generate.cs -- models      also models.jsonl and tasks.jsonl, which student and teacher, and those under tasks/, were trained on
//
// Same seed, same files, on every machine. A problem belongs to the held-out set by the hash of its prompt.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

string folder = Path.Combine(AppContext.GetData("EntryPointFileDirectoryPath") as string ?? "samples/methods", "data");
Directory.CreateDirectory(folder);
string arithmetic = Path.Combine(folder, "..", "..", "arithmetic", "data");
const int Wide = 200, Narrow = 20; // of points: coordinates of up to three digits, and of up to two
foreach ((string name, Func<Random64, Problem> make) in new (string, Func<Random64, Problem>)[] { ("lists", List), ("points", r => Point(r, Narrow)), ("tables", Additions) })
{
    Write($"{name}.jsonl", Problems(1, 600, heldOut: false, make));
    Write($"{name}-heldout.jsonl", Problems(2, 300, heldOut: true, make));
}
// Plain text, for a loss on what a student knew before.
File.WriteAllText(Path.Combine(folder, "corpus.txt"), string.Concat(Problems(3, 200, heldOut: false, List).Concat(Problems(3, 200, heldOut: false, r => Point(r, Wide))).Select(p => $"{p.Prompt} {p.Completion}\n")));
if (args.Contains("models"))
{
    // Half of the text is arithmetic, a third of it with the solution in the prompt: so the student can read a hint.
    string[] lines = File.ReadAllLines(Path.Combine(arithmetic, "train.jsonl"));
    var random = new Random64(9);
    var text = new StringBuilder();
    for (int i = 0; i < 24000; i++)
    {
        if (i % 2 == 0)
        {
            JsonElement line = JsonDocument.Parse(lines[random.Below(lines.Length)]).RootElement;
            string prompt = line.GetProperty("prompt").GetString()!, completion = line.GetProperty("completion").GetString()!;
            Append(text, random.Below(3) == 0 ? $"{prompt} ({completion})" : prompt, completion);
            continue;
        }
        Problem problem;
        int kind;
        do problem = (kind = random.Below(3)) switch { 0 => List(random), 1 => Point(random, Wide), _ => Table(random) };
        while (IsHeldOut(problem.Prompt));
        // A table and its hint together are longer than the models' context.
        Append(text, kind != 2 && random.Below(3) == 0 ? $"{problem.Prompt} ({problem.Hint})" : problem.Prompt, problem.Completion);
    }
    File.WriteAllText(Path.Combine(folder, "models.jsonl"), text.ToString());
    // Two thirds points, which are learned later than tables; a third with the hint in the prompt.
    text.Clear();
    random = new Random64(10);
    for (int i = 0; i < 24000; i++)
    {
        Problem problem;
        do problem = i % 3 < 2 ? Point(random, Narrow) : Additions(random);
        while (IsHeldOut(problem.Prompt));
        Append(text, random.Below(3) == 0 ? $"{problem.Prompt} ({problem.Hint})" : problem.Prompt, problem.Completion);
    }
    File.WriteAllText(Path.Combine(folder, "tasks.jsonl"), text.ToString());
}

void Write(string name, IEnumerable<Problem> problems)
{
    var text = new StringBuilder();
    foreach (Problem p in problems)
        text.Append(CultureInfo.InvariantCulture, $"{{\"prompt\": {Json(p.Prompt)}, \"completion\": {Json(p.Completion)}, \"answer\": {Json(p.Answer)}, \"privileged_context\": {Json(p.Hint)}}}\n");
    File.WriteAllText(Path.Combine(folder, name), text.ToString());
}

static void Append(StringBuilder text, string prompt, string completion) => text.Append(CultureInfo.InvariantCulture, $"{{\"prompt\": {Json(prompt)}, \"completion\": {Json(completion)}}}\n");

static string Json(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

static IEnumerable<Problem> Problems(ulong seed, int count, bool heldOut, Func<Random64, Problem> make)
{
    var random = new Random64(seed);
    var seen = new HashSet<string>();
    while (seen.Count < count)
    {
        Problem problem = make(random);
        if (IsHeldOut(problem.Prompt) == heldOut && seen.Add(problem.Prompt)) yield return problem;
    }
}

// One problem in eight is never trained on.
static bool IsHeldOut(string prompt) => SHA256.HashData(Encoding.UTF8.GetBytes(prompt))[0] < 32;

// list 5 21 8  ->  {"items": [5, 21, 8]}: brackets, commas and the key are a contract that a parser checks.
static Problem List(Random64 random)
{
    int[] items = [.. Enumerable.Range(0, 2 + random.Below(5)).Select(_ => random.Below(100))];
    string json = $"{{\"items\": [{string.Join(", ", items)}]}}";
    return new Problem($"list {string.Join(' ', items)}", json, json, json);
}

// mid 12,44 30,56  ->  21,50: the leading digits of a coordinate matter most.
static Problem Point(Random64 random, int size)
{
    int x = 2 * random.Below(size), y = 2 * random.Below(size), w = 2 * random.Below(size / 2), h = 2 * random.Below(size / 2);
    string middle = $"{x + w / 2},{y + h / 2}";
    return new Problem($"mid {x},{y} {x + w},{y + h}", middle, middle, middle);
}

// table 14 7 4  ->  14+7=21. 21+7=28. 28+7=35. 35+7=42: sentence by sentence, each from the one before, long enough for a weak student to lose its way.
static Problem Additions(Random64 random)
{
    int start = 1 + random.Below(99), step = 2 + random.Below(11), rows = 4 + random.Below(4);
    string lines = string.Join(". ", Enumerable.Range(1, rows).Select(i => $"{start + step * (i - 1)}+{step}={start + step * i}"));
    return new Problem($"table {start} {step} {rows}", lines, (start + step * rows).ToString(CultureInfo.InvariantCulture), lines);
}

// table 7 3  ->  7*1=7. 7*2=14. 7*3=21: what the first pair of models read beside arithmetic and lists.
static Problem Table(Random64 random)
{
    int factor = 2 + random.Below(198), rows = 4 + random.Below(6);
    string[] lines = [.. Enumerable.Range(1, rows).Select(i => $"{factor}*{i}={factor * i}")];
    return new Problem($"table {factor} {rows}", string.Join(". ", lines), (factor * rows).ToString(CultureInfo.InvariantCulture), string.Join(". ", lines));
}

internal sealed record Problem(string Prompt, string Completion, string Answer, string Hint);

// SplitMix64: the same numbers everywhere, which System.Random does not promise across versions.
internal sealed class Random64(ulong state)
{
    public int Below(int count) => (int)(Next() % (ulong)count);

    private ulong Next()
    {
        ulong x = state += 0x9E3779B97F4A7C15UL;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}
