// Makes the data of this sample: written-out column arithmetic whose every step can be checked.
//
//   dotnet run samples/arithmetic/generate.cs                 the committed files (train.jsonl, heldout.jsonl)
//   dotnet run samples/arithmetic/generate.cs -- teacher      also teacher.jsonl, which the teacher was trained on
//
// Same seed, same files, on every machine. A problem belongs to the held-out set by the hash of its prompt, so no file
// that is trained on can contain one.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

string folder = Path.Combine(AppContext.GetData("EntryPointFileDirectoryPath") as string ?? "samples/arithmetic", "data");
Directory.CreateDirectory(folder);
Write("heldout.jsonl", Problems(seed: 1, count: 300, digits: 2, heldOut: true));
Write("train.jsonl", Problems(seed: 2, count: 6000, digits: 2, heldOut: false));
if (args.Contains("teacher")) Write("teacher.jsonl", Problems(seed: 3, count: 60000, digits: 3, heldOut: false));

void Write(string name, IEnumerable<Problem> problems)
{
    var text = new StringBuilder();
    foreach (Problem p in problems)
        text.Append(CultureInfo.InvariantCulture, $"{{\"prompt\": \"{p.Prompt}\", \"completion\": \"{p.Steps}: {p.Answer}\", \"answer\": \"{p.Answer}\"}}\n");
    File.WriteAllText(Path.Combine(folder, name), text.ToString());
}

static IEnumerable<Problem> Problems(ulong seed, int count, int digits, bool heldOut)
{
    var seen = new HashSet<string>();
    ulong state = seed;
    while (seen.Count < count)
    {
        Problem problem = (Next(ref state) % 3) switch
        {
            0 => Add(Number(ref state, digits), Number(ref state, digits)),
            1 => Subtract(Number(ref state, digits), Number(ref state, digits)),
            _ => Multiply(Number(ref state, digits), 2 + (int)(Next(ref state) % 8)),
        };
        if (IsHeldOut(problem.Prompt) == heldOut && seen.Add(problem.Prompt)) yield return problem;
    }
}

// One problem in sixteen is never trained on.
static bool IsHeldOut(string prompt) => SHA256.HashData(Encoding.UTF8.GetBytes(prompt))[0] < 16;

// Up to so many digits, with short numbers more often than counting would make them.
static int Number(ref ulong state, int digits)
{
    int below = (Next(ref state) % 6) switch { 0 => 10, 1 or 2 => 100, _ => digits == 2 ? 100 : 1000 };
    return (int)(Next(ref state) % (ulong)below);
}

// 47+385: 7+5=12, 4+8+1=13, 0+3+1=4: 432
static Problem Add(int a, int b)
{
    var steps = new List<string>();
    for (int x = a, y = b, carry = 0; x > 0 || y > 0 || steps.Count == 0; x /= 10, y /= 10)
    {
        int sum = x % 10 + y % 10 + carry;
        steps.Add($"{x % 10}+{y % 10}{(carry > 0 ? "+1" : "")}={sum}");
        carry = sum / 10;
    }
    return new Problem($"{a}+{b}", string.Join(", ", steps), a + b);
}

// 385-97: 15-7=8, 8-9-1 borrows too: 18-9-1=8, 3-0-1=2: 288
static Problem Subtract(int a, int b)
{
    if (a < b) (a, b) = (b, a);
    var steps = new List<string>();
    for (int x = a, y = b, borrow = 0; x > 0 || steps.Count == 0; x /= 10, y /= 10)
    {
        int next = x % 10 - y % 10 - borrow < 0 ? 1 : 0;
        int top = x % 10 + 10 * next;
        steps.Add($"{top}-{y % 10}{(borrow > 0 ? "-1" : "")}={top - y % 10 - borrow}");
        borrow = next;
    }
    return new Problem($"{a}-{b}", string.Join(", ", steps), a - b);
}

// 385*7: 5*7=35, 8*7+3=59, 3*7+5=26: 2695
static Problem Multiply(int a, int b)
{
    var steps = new List<string>();
    for (int x = a, carry = 0; x > 0 || steps.Count == 0; x /= 10)
    {
        int product = x % 10 * b + carry;
        steps.Add($"{x % 10}*{b}{(carry > 0 ? $"+{carry}" : "")}={product}");
        carry = product / 10;
    }
    return new Problem($"{a}*{b}", string.Join(", ", steps), a * b);
}

// SplitMix64: the same numbers everywhere, which System.Random does not promise across versions.
static ulong Next(ref ulong state)
{
    ulong x = state += 0x9E3779B97F4A7C15UL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
    return x ^ (x >> 31);
}

internal sealed record Problem(string Prompt, string Steps, int Answer);
