using OpdCode.Protocol;
using OpdCode.Recipes.Editing;

namespace OpdCode.Recipes.Tests.Editing;

public sealed class RecipeEditorTests
{
    private const string Text = """
        // Why this recipe is here.
        {
          "version": 1,
          "student": { "model": "a" }, // small
          /* judged by */ "signal": {
            "kind": "teacher",
            "model": "b" // larger
          },
          "stabilizers": [
            { "kind": "one", "gamma": 0.1 }, // first
            { "kind": "two" }
          ],
          "data": {},
          "steps": 100 // enough
          // the end
        }
        """;

    [Theory]
    [InlineData("steps", "7", "\"steps\": 100 // enough", "\"steps\": 7 // enough")]
    [InlineData("signal.model", "\"c\"", "\"model\": \"b\" // larger", "\"model\": \"c\" // larger")]
    [InlineData("stabilizers[0].gamma", "0.25", "\"gamma\": 0.1 }", "\"gamma\": 0.25 }")]
    [InlineData("stabilizers.0.gamma", "0.25", "\"gamma\": 0.1 }", "\"gamma\": 0.25 }")]
    [InlineData("student.lora", "{ \"r\": 4 }", "{ \"model\": \"a\" }", "{ \"model\": \"a\", \"lora\": { \"r\": 4 } }")]
    [InlineData("student.lora.r", "4", "{ \"model\": \"a\" }", "{ \"model\": \"a\", \"lora\": { \"r\": 4 } }")]
    [InlineData("signal.device", "\"cpu\"", "\"model\": \"b\" // larger", "\"model\": \"b\", // larger\n    \"device\": \"cpu\"")]
    [InlineData("seed", "1", "\"steps\": 100 // enough", "\"steps\": 100, // enough\n  \"seed\": 1")]
    [InlineData("stabilizers[2]", "{ \"kind\": \"x\" }", "{ \"kind\": \"two\" }", "{ \"kind\": \"two\" },\n    { \"kind\": \"x\" }")]
    [InlineData("stabilizers[1].gamma", "2", "{ \"kind\": \"two\" }", "{ \"kind\": \"two\", \"gamma\": 2 }")]
    [InlineData("data.train", "\"t\"", "\"data\": {}", "\"data\": { \"train\": \"t\" }")]
    public void Setting_changes_one_place(string setting, string value, string was, string becomes)
    {
        foreach (string end in new[] { "\n", "\r\n" })
            foreach (string mark in new[] { "", "\uFEFF" })
            {
                string text = mark + Text.ReplaceLineEndings(end);
                string expected = text.Replace(was.ReplaceLineEndings(end), becomes.ReplaceLineEndings(end), StringComparison.Ordinal);
                Assert.NotEqual(text, expected);
                Assert.Equal(expected, RecipeEditor.Set(text, setting, value));
            }
    }

    [Theory]
    [InlineData("steps", "  \"steps\": 100 // enough\n", "")]
    [InlineData("signal.kind", "    \"kind\": \"teacher\",\n", "")]
    [InlineData("signal.model", "    \"kind\": \"teacher\",\n    \"model\": \"b\" // larger\n", "    \"kind\": \"teacher\"\n")]
    [InlineData("stabilizers[0]", "    { \"kind\": \"one\", \"gamma\": 0.1 }, // first\n", "")]
    [InlineData("stabilizers[1]", "0.1 }, // first\n    { \"kind\": \"two\" }\n", "0.1 } // first\n")]
    [InlineData("stabilizers[0].gamma", ", \"gamma\": 0.1 }", " }")]
    [InlineData("stabilizers[0].kind", "{ \"kind\": \"one\", ", "{ ")]
    [InlineData("student.model", "{ \"model\": \"a\" }", "{ }")]
    [InlineData("nothing.at.all", "", "")]
    public void Removing_takes_the_comma_and_the_line(string setting, string was, string becomes)
    {
        string text = Text.ReplaceLineEndings("\n");
        string expected = was.Length == 0 ? text : text.Replace(was, becomes, StringComparison.Ordinal);
        if (setting == "steps") expected = expected.Replace("\"data\": {},", "\"data\": {}", StringComparison.Ordinal);
        Assert.Equal(expected, RecipeEditor.Remove(text, setting));
    }

    [Fact]
    public void A_trailing_comma_stays_the_habit_of_the_file() =>
        Assert.Equal("{\n  \"a\": 1,\n  \"b\": 2,\n}", RecipeEditor.Set("{\n  \"a\": 1,\n}", "b", "2"));

    [Theory]
    [InlineData("{", "steps", "1", ErrorCodes.RecipeInvalid)]
    [InlineData("[]", "steps", "1", ErrorCodes.RecipeInvalid)]
    [InlineData("{}", "steps", "one", ErrorCodes.RecipeInvalid)]
    [InlineData("{}", "", "1", ErrorCodes.OverrideInvalid)]
    [InlineData("{\"a\":1}", "a.b", "1", ErrorCodes.OverrideInvalid)]
    [InlineData("{\"a\":[]}", "a[1]", "1", ErrorCodes.OverrideInvalid)]
    [InlineData("{}", "a[0].b", "1", ErrorCodes.OverrideInvalid)]
    public void What_cannot_be_is_refused(string text, string setting, string value, string code) =>
        Assert.Equal(code, Assert.Throws<OpdException>(() => RecipeEditor.Set(text, setting, value)).Code);

    /// <summary>For every recipe of the repository and each of its settings: what is set is read back, and everything else is as it was.</summary>
    [Fact]
    public void Whatever_is_set_is_read_back_and_nothing_else_changes()
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "samples"), "*.opd.json", SearchOption.AllDirectories)];
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            string text = File.ReadAllText(file);
            foreach (string setting in new[] { "steps", "seed", "name", "optimizer.learningRate", "rollout.temperature", "student.lora.r", "checkpoint.keep" })
            {
                string set = RecipeEditor.Set(text, setting, "3");
                Assert.Equal("3", Value(set, setting));
                string removed = RecipeEditor.Remove(set, setting);
                Assert.Null(Value(removed, setting));
                Assert.Equal(Comments(text), Comments(RecipeEditor.Set(removed, setting, "3")), StringComparer.Ordinal);
            }
        }
    }

    private static IEnumerable<string> Comments(string text) => text.Split('\n').Where(l => l.TrimStart().StartsWith("//", StringComparison.Ordinal)).Select(l => l.Trim());

    private static string? Value(string text, string setting)
    {
        System.Text.Json.Nodes.JsonNode? at = System.Text.Json.Nodes.JsonNode.Parse(text, documentOptions: new() { CommentHandling = System.Text.Json.JsonCommentHandling.Skip, AllowTrailingCommas = true });
        foreach (string step in setting.Split('.')) at = at?[step];
        return at?.ToJsonString();
    }
}
