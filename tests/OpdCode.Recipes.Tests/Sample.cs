namespace OpdCode.Recipes.Tests;

/// <summary>A small valid recipe for tests to spoil.</summary>
internal static class Sample
{
    public const string Valid = """
        {
          // the smallest recipe
          "version": 1,
          "student": { "model": "../models/student" },
          "signal": { "model": "../models/teacher", "kind": "teacher" },
          "objective": { "beta": 0.3, "kind": "divergence", "divergence": "jsd" },
          "data": { "train": "prompts.jsonl" },
        }
        """;

    public static RecipeReading Parse(string text, params string[] overrides) =>
        RecipeReader.Parse(text.ReplaceLineEndings("\n"), Path.Combine(Path.GetTempPath(), "a", "r.opd.json"), overrides);

    public static string Show(Problem p) => $"{p.Code} {p.Path} {p.Line}:{p.Column} {p.Message}";
}
