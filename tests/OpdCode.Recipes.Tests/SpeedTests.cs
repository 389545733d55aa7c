using System.Globalization;
using System.Text;
using OpdCode.Recipes.Data;
using Xunit.Abstractions;

namespace OpdCode.Recipes.Tests;

/// <summary>
/// The promised speeds, in processor time: other work on the machine must not decide them. Nothing runs beside these
/// tests, because processor time is counted for the whole process.
/// </summary>
[Collection(nameof(SpeedTests))]
public sealed class SpeedTests(ITestOutputHelper output)
{
    [Fact]
    public void Three_hundred_lines_are_validated_in_under_50_ms()
    {
        StringBuilder text = new("{\n\"student\": { \"model\": \"s\", \"lora\": { \"targetModules\": [\n");
        for (int i = 0; i < 290; i++) text.Append(CultureInfo.InvariantCulture, $"  \"module_{i}\",\n");
        text.Append("] } },\n\"version\": 1, \"method\": \"gkd\",\n\"signal\": { \"kind\": \"teacher\", \"model\": \"t\" },\n\"data\": { \"train\": \"d\" },\n");
        text.Append("\"optimizer\": { \"learningRate\": 1e-4 }\n}");
        string recipe = text.ToString();
        Assert.Empty(RecipeReader.Parse(recipe, "r.opd.json").Problems);
        const int rounds = 20;
        double milliseconds = Milliseconds(() =>
        {
            for (int i = 0; i < rounds; i++) RecipeReader.Parse(recipe, "r.opd.json");
        }) / rounds;
        output.WriteLine($"{milliseconds:F2} ms");
        Assert.True(milliseconds < 50, $"{milliseconds:F1} ms");
    }

    [Fact]
    public void A_scan_reads_at_least_100_megabytes_a_second()
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.jsonl");
        try
        {
            string rest = $"\"completion\": \"{new string('y', 900)}\", \"answer\": \"12\"}}\n";
            using (StreamWriter writer = new(file))
                for (int i = 0; i < 40_000; i++) writer.Write($"{{\"prompt\": \"question {i} {new string('x', 300)}\", {rest}");
            DataCheck.Scan(file);
            long bytes = 0;
            double milliseconds = Milliseconds(() => bytes = DataCheck.Scan(file).Bytes);
            double speed = bytes / 1e3 / milliseconds;
            output.WriteLine($"{speed:F0} MB/s");
            Assert.True(speed > 100, $"{speed:F0} MB/s");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static double Milliseconds(Action work)
    {
        TimeSpan before = Environment.CpuUsage.UserTime;
        work();
        return (Environment.CpuUsage.UserTime - before).TotalMilliseconds;
    }
}
