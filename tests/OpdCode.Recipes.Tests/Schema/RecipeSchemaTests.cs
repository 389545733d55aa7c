using OpdCode.Recipes.Schema;

namespace OpdCode.Recipes.Tests.Schema;

/// <summary>To write the schema anew after changing a record: set OPDCODE_UPDATE=1 and run these tests.</summary>
public sealed class RecipeSchemaTests
{
    public static string File { get; } = Path.Combine(Repository.Root, "extension", "schemas", "recipe.schema.json");

    [Fact]
    public void The_committed_schema_is_what_the_records_say()
    {
        string schema = RecipeSchema.Generate();
        if (Repository.Update) System.IO.File.WriteAllText(File, schema);
        Assert.Equal(schema, System.IO.File.ReadAllText(File).ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task The_editor_completes_hovers_and_diagnoses_by_the_schema()
    {
        string output = await EditorEngine.RunAsync(["--test", "schema.test.mjs"], "");
        Assert.Contains("# fail 0", output, StringComparison.Ordinal);
    }
}
