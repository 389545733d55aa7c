using System.Text.Json;
using OpdCode.Protocol;
using OpdCode.Recipes.Resolving;

namespace OpdCode.Recipes.Tests;

/// <summary>
/// Recipes with the diagnostics they must give, and recipes that must give none. To write the expectations anew set
/// OPDCODE_UPDATE=1, run these tests, and read the difference.
/// </summary>
public sealed class FixtureTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "tests", "OpdCode.Recipes.Tests", "fixtures");

    private static readonly string[] s_shapeCodes =
    [
        ErrorCodes.RecipeInvalid, ErrorCodes.UnknownKey, ErrorCodes.MissingKey, ErrorCodes.WrongType, ErrorCodes.OutOfRange,
        ErrorCodes.UnknownValue, ErrorCodes.DuplicateKey,
    ];

    // VS Code's engine calls an empty document valid, and half a surrogate pair a text.
    private static readonly string[] s_beyondSchema = ["empty.opd.json", "only-comment.opd.json", "whitespace.opd.json", "half-surrogate.opd.json"];

    public static TheoryData<string> Invalid => [.. Names("invalid")];

    public static TheoryData<string> Valid => [.. Names("valid")];

    [Theory]
    [MemberData(nameof(Invalid))]
    public void An_invalid_recipe_gives_its_diagnostics(string name)
    {
        RecipeReading reading = RecipeReader.Read(Recipe("invalid", name));
        string found = string.Concat(reading.Problems.Select(p => $"{p.Severity} {p.Code} {p.Line}:{p.Column}-{p.EndLine}:{p.EndColumn} {p.Path}: {p.Message}{(p.Fix is { } f ? $" [{f.Title}]" : "")}\n"));
        string file = Path.Combine(s_folder, "invalid", $"{name}.expected.txt");
        if (Repository.Update) File.WriteAllText(file, found);
        Assert.NotEmpty(reading.Problems);
        Assert.Equal(File.ReadAllText(file), found);
        Assert.Equal(reading.Problems.Any(p => p.Severity == ProblemSeverity.Error), reading.Recipe is null);
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_valid_recipe_gives_none_and_resolves_to_itself(string name)
    {
        RecipeReading reading = RecipeReader.Read(Recipe("valid", name));
        Assert.Empty(reading.Problems);
        ResolvedRecipe once = RecipeResolver.Resolve(reading);
        RecipeReading again = RecipeReader.Parse(once.Text, Recipe("valid", name));
        Assert.Empty(again.Problems.Select(Sample.Show));
        ResolvedRecipe twice = RecipeResolver.Resolve(again);
        Assert.Equal(once.Json.ToJsonString(), twice.Json.ToJsonString());
        Assert.All(twice.Origins, o => Assert.Equal("written", o.Value));
    }

    [Fact]
    public void There_are_enough_invalid_recipes() => Assert.True(Names("invalid").Count() >= 60);

    [Fact]
    public async Task Schema_and_validator_agree()
    {
        string[] files = [.. Names("invalid").Select(n => Recipe("invalid", n)), .. Names("valid").Select(n => Recipe("valid", n))];
        Dictionary<string, string> texts = files.ToDictionary(f => Path.GetFileName(f), File.ReadAllText);
        string output = await EditorEngine.RunAsync(["diagnose.mjs", Schema.RecipeSchemaTests.File], JsonSerializer.Serialize(texts));
        Dictionary<string, JsonElement[]> bySchema = JsonSerializer.Deserialize<Dictionary<string, JsonElement[]>>(output)!;
        Assert.All(files, file =>
        {
            if (s_beyondSchema.Contains(Path.GetFileName(file))) return;
            bool reader = RecipeReader.Read(file).Problems.Any(p => s_shapeCodes.Contains(p.Code));
            JsonElement[] schema = bySchema[Path.GetFileName(file)];
            Assert.True(reader == schema.Length > 0, $"{Path.GetFileName(file)}: the reader finds {(reader ? "something" : "nothing")}, the schema {string.Join("; ", schema.Select(d => d.ToString()))}");
        });
    }

    private static IEnumerable<string> Names(string kind) =>
        Directory.GetFiles(Path.Combine(s_folder, kind), "*.opd.json").Select(f => Path.GetFileName(f)[..^".opd.json".Length]).Order(StringComparer.Ordinal);

    private static string Recipe(string kind, string name) => Path.Combine(s_folder, kind, $"{name}.opd.json");
}
