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
        string recipe = $$"""{ "version": 1, "method": "{{name}}", "student": { "model": "s" }, "data": { "train": "d" }{{(name == "supervised" ? "" : ", \"signal\": { \"kind\": \"teacher\", \"model\": \"t\" }")}} }""";
        ResolvedRecipe resolved = RecipeResolver.Resolve(Sample.Parse(recipe));
        foreach ((string part, System.Text.Json.Nodes.JsonNode? settings) in method.Settings)
            foreach ((string setting, System.Text.Json.Nodes.JsonNode? value) in settings!.AsObject())
            {
                Assert.Equal("preset", resolved.Origins[$"{part}.{setting}"]);
                Assert.Equal(value!.ToJsonString(), resolved.Json[part]![setting]!.ToJsonString());
            }
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
