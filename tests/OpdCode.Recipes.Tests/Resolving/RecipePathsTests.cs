using OpdCode.Protocol;
using OpdCode.Recipes.Resolving;

namespace OpdCode.Recipes.Tests.Resolving;

public sealed class RecipePathsTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"paths-{Guid.NewGuid():N}");

    public RecipePathsTests()
    {
        foreach (string model in new[] { "student", "teacher" }) Directory.CreateDirectory(Path.Combine(_folder, "models", model));
        File.WriteAllText(Path.Combine(_folder, "prompts.jsonl"), "");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Paths_that_lead_somewhere_are_fine_with_either_slash() =>
        Assert.Empty(Check("models/student", @"models\\teacher", "./prompts.jsonl").Problems);

    [Fact]
    public void Each_path_that_leads_nowhere_is_named_with_the_nearest_name()
    {
        RecipeReading reading = Check("models/studnet", "prompts.jsonl", "models");
        Assert.Null(reading.Recipe);
        Assert.Equal(["student.model", "signal.model", "data.train"], reading.Problems.Select(p => p.Path));
        Assert.All(reading.Problems, p => Assert.Equal(ErrorCodes.FileNotFound, p.Code));
        Assert.Contains("Did you mean \"student\"?", reading.Problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("is a file", reading.Problems[1].Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", reading.Problems[2].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipe_resolved_for_another_folder_leads_to_the_same_files()
    {
        RecipeReading reading = Check("models/student", "models/teacher", "prompts.jsonl");
        string elsewhere = Path.Combine(_folder, "runs", "one");
        string text = RecipeResolver.Resolve(reading, elsewhere).Text;
        RecipeReading moved = RecipeReader.Parse(text, Path.Combine(elsewhere, "recipe.opd.json"));
        Assert.Contains("\"../../models/student\"", text, StringComparison.Ordinal);
        Assert.Equal(reading.FullPath(reading.Recipe!.Student.Model), moved.FullPath(moved.Recipe!.Student.Model));
        Assert.Empty(RecipePaths.Check(moved).Problems);
    }

    private RecipeReading Check(string student, string teacher, string data) => RecipePaths.Check(RecipeReader.Parse(
        $$"""
        {
          "version": 1,
          "student": { "model": "{{student}}" },
          "signal": { "kind": "teacher", "model": "{{teacher}}" },
          "objective": { "kind": "divergence" },
          "data": { "train": "{{data}}" }
        }
        """, Path.Combine(_folder, "r.opd.json")));
}
