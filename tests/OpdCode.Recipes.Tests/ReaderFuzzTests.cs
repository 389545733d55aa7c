using System.Diagnostics;
using System.Text;
using OpdCode.Recipes.Resolving;

namespace OpdCode.Recipes.Tests;

public sealed class ReaderFuzzTests
{
    private static readonly string[] s_pieces =
        ["{", "}", "[", "]", ",", ":", "\"", "\\", "//", "/*", "*/", "null", "true", "-1e999", "1e-400", "0x", "\uD83D", "\u0000", "\uFEFF", "\r", "\"kind\"", "\"method\": \"gkd\",", "\\ud800", "漢"];

    [Fact]
    public void Ten_thousand_mutations_neither_crash_nor_hang()
    {
        string folder = Path.Combine(Repository.Root, "tests", "OpdCode.Recipes.Tests", "fixtures");
        string[] seeds = [.. Directory.GetFiles(folder, "*.opd.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText)];
        Random random = new(20260101);
        Stopwatch slowest = new();
        for (int i = 0; i < 10_000; i++)
        {
            string text = Mutate(seeds[random.Next(seeds.Length)], random);
            slowest.Restart();
            RecipeReading reading = RecipeReader.Parse(text, "r.opd.json", i % 4 == 0 ? [Mutate("rollout.topP=0.5", random)] : null);
            Assert.True(slowest.Elapsed < TimeSpan.FromSeconds(2), $"Took {slowest.Elapsed}: {text}");
            if (reading.Recipe is not null) RecipeResolver.Resolve(reading);
            else Assert.NotEmpty(reading.Problems);
            Assert.All(reading.Problems, p => Assert.True(p is { Line: >= 1, Column: >= 1 } && (p.EndLine, p.EndColumn).CompareTo((p.Line, p.Column)) >= 0, Sample.Show(p)));
        }
    }

    private static string Mutate(string text, Random random)
    {
        StringBuilder mutated = new(text);
        for (int n = random.Next(1, 5); n > 0; n--)
        {
            int at = random.Next(mutated.Length + 1);
            switch (random.Next(5))
            {
                case 0: mutated.Insert(at, s_pieces[random.Next(s_pieces.Length)]); break;
                case 1: mutated.Remove(at, Math.Min(random.Next(8), mutated.Length - at)); break;
                case 2 when mutated.Length > 0: mutated[Math.Min(at, mutated.Length - 1)] = (char)random.Next(0x20, 0x7f); break;
                case 3: mutated.Insert(at, mutated.ToString(at, Math.Min(random.Next(40), mutated.Length - at))); break;
                default: mutated.Length = at; break;
            }
        }
        return mutated.ToString();
    }
}
