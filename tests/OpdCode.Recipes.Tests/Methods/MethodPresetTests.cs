using System.Text.Json.Nodes;
using OpdCode.Recipes.Methods;
using OpdCode.Recipes.Resolving;

namespace OpdCode.Recipes.Tests.Methods;

public sealed class MethodPresetTests
{
    public static TheoryData<string> Names => [.. MethodPresets.All.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_new_recipe_of_a_method_has_nothing_to_complain_about(string name)
    {
        RecipeReading reading = Sample.Parse(RecipeTemplate.Write(MethodPresets.Find(name)));
        Assert.Empty(reading.Problems.Select(Sample.Show));
        Assert.Equal(name, reading.Recipe!.Method);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_setting_of_a_preset_arrives_with_its_origin(string name)
    {
        MethodPreset method = MethodPresets.Find(name)!;
        bool asksForTeacher = name != "supervised" && method.Settings["signal"]?["kind"]?.GetValue<string>() != "self";
        string recipe = $$"""{ "version": 1, "method": "{{name}}", "student": { "model": "s" }, "data": { "train": "d" }{{(asksForTeacher ? ", \"signal\": { \"kind\": \"teacher\", \"model\": \"t\" }" : "")}} }""";
        ResolvedRecipe resolved = RecipeResolver.Resolve(Sample.Parse(recipe));
        foreach ((string path, JsonNode? value) in Leaves(method.Settings, "").Where(l => !asksForTeacher || l.Path != "signal.kind"))
        {
            Assert.Equal("preset", resolved.Origins[path]);
            Assert.Equal(value?.ToJsonString(), At(resolved.Json, path)?.ToJsonString());
        }
    }

    private static IEnumerable<(string Path, JsonNode? Value)> Leaves(JsonNode? node, string path) => node switch
    {
        JsonObject o => o.SelectMany(m => Leaves(m.Value, path.Length == 0 ? m.Key : $"{path}.{m.Key}")),
        JsonArray a when a.Count > 0 && a[0] is JsonObject => a.SelectMany((item, i) => Leaves(item, $"{path}[{i}]")),
        _ => [(path, node)],
    };

    private static JsonNode? At(JsonNode? node, string path) => path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.')
        .Aggregate(node, (at, step) => at is JsonArray list ? list[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)] : at?[step]);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_method_has_a_page_in_the_index_and_a_sample(string name)
    {
        string page = Path.Combine(Repository.Root, "docs", "methods", $"{name}.md"), sample = Path.Combine(Repository.Root, "samples", "methods", $"{name}.opd.json");
        Assert.True(File.Exists(page), page);
        Assert.True(File.Exists(sample), sample);
        string text = File.ReadAllText(page);
        foreach (string part in new[] { "## What", "## Formula", "## Evidence", "## Inputs", "## Defaults", "## When to use", "## In the heatmap" }) Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.Contains(MethodPresets.Find(name)!.Url, text, StringComparison.Ordinal);
        Assert.Contains($"({name}.md)", File.ReadAllText(Path.Combine(Repository.Root, "docs", "methods", "README.md")), StringComparison.Ordinal);
        // The defaults on the page are those of the preset, setting by setting, and the index says the same evidence.
        string[] members = text[text.IndexOf("```jsonc", StringComparison.Ordinal)..].Split('\n').Skip(1).TakeWhile(l => !l.StartsWith("```", StringComparison.Ordinal)).Select(l => l.Trim()).ToArray();
        Assert.True(JsonNode.DeepEquals(MethodPresets.Find(name)!.Settings, JsonNode.Parse($"{{{string.Join(',', members)}}}")), $"docs/methods/{name}.md shows other defaults than the preset.");
        string evidence = System.Text.Json.JsonSerializer.Serialize(MethodPresets.Find(name)!.Evidence).Trim('"');
        Assert.Contains($"**{evidence}**", text, StringComparison.Ordinal);
        Assert.Single(File.ReadAllLines(Path.Combine(Repository.Root, "docs", "methods", "README.md")), l => l.Contains($"({name}.md)", StringComparison.Ordinal) && l.TrimEnd().EndsWith($"| {evidence} |", StringComparison.Ordinal));
        RecipeReading reading = RecipeReader.Read(sample);
        Assert.Empty(reading.Problems.Select(Sample.Show));
        Assert.Equal(name, reading.Recipe!.Method);
    }

    [Fact]
    public void A_recipe_without_a_method_spells_the_axes_out() =>
        Assert.Empty(Sample.Parse(RecipeTemplate.Write(null)).Problems.Select(Sample.Show));

    [Fact]
    public void What_a_recipe_writes_wins_over_its_method()
    {
        const string recipe = """{ "version": 1, "method": "gkd", "student": { "model": "s" }, "data": { "train": "d" }, "signal": { "kind": "teacher", "model": "t" }, "objective": { "kind": "divergence", "beta": 0.2 } }""";
        ResolvedRecipe resolved = RecipeResolver.Resolve(Sample.Parse(recipe, "seed=7"));
        Assert.Equal("jsd 0.2", $"{resolved.Json["objective"]!["divergence"]} {resolved.Json["objective"]!["beta"]}");
        Assert.Equal(["written", "preset", "set", "default"], new[] { "objective.beta", "objective.divergence", "seed", "steps" }.Select(p => resolved.Origins[p]));
    }

    [Fact]
    public void Another_kind_takes_nothing_of_the_methods_choice()
    {
        const string recipe = """{ "version": 1, "method": "gkd", "student": { "model": "s" }, "data": { "train": "d" }, "signal": { "kind": "teacher", "model": "t" }, "objective": { "kind": "policy-gradient" } }""";
        RecipeReading reading = Sample.Parse(recipe);
        Assert.Empty(reading.Problems);
        Assert.IsType<PolicyGradientObjectiveRecipe>(reading.Recipe!.Objective);
    }
}
