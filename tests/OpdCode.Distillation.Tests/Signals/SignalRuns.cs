using OpdCode.Distillation.Runs;
using OpdCode.Recipes;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Signals;

/// <summary>Short runs on toy models with a signal of one's own.</summary>
internal static class SignalRuns
{
    public const string Divergence = """{"kind": "divergence", "divergence": "reverse-kl"}""";

    public const string Gradient = """{"kind": "policy-gradient"}""";

    public const string Hint = """{"kind": "template", "text": "{prompt}={completion}?"}""";

    public static string Recipe(TemporaryFolder folder, string objective, string signal, int steps = 4, string more = "")
    {
        string path = WriteRecipe(folder, objective, steps, more);
        string text = File.ReadAllText(path).Replace("\"signal\": { \"kind\": \"teacher\", \"model\": \"teacher\" }", $"\"signal\": {signal}", StringComparison.Ordinal);
        File.WriteAllText(path, text);
        return path;
    }

    public static RunReader Run(string recipe, string folder, params string[] overrides)
    {
        RecipeReading reading = RecipeReader.Read(recipe, overrides);
        Assert.True(reading.Recipe is not null, string.Join("; ", reading.Problems.Select(p => p.Message)));
        using DistillationSession session = DistillationSession.Open(reading, folder, TimeProvider.System);
        foreach (StepReport _ in session.Run(CancellationToken.None)) { }
        return RunReader.Open(session.Folder);
    }

    public static StepMetrics[] Steps(RunReader run) => run.ReadMetrics().Where(m => m.Step > 0).ToArray();
}
