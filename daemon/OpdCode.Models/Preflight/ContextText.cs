using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Contexts;
using OpdCode.Recipes.Data;

namespace OpdCode.Models.Preflight;

/// <summary>A text that a judge (or a stage of a harness) is shown in the place of the prompt.</summary>
/// <param name="Setting">Where it stands in the recipe.</param>
/// <param name="Template">The text with its names.</param>
/// <param name="Given">Names that the run gives, not the data, each with the most tokens that it can have.</param>
/// <param name="NeedsColumns">Whether a missing column stops the run; a harness goes on to its next text instead.</param>
internal sealed record ContextText(string Setting, ContextTemplate Template, IReadOnlyDictionary<string, int> Given, bool NeedsColumns = true)
{
    private const string OtherPrefix = "other.";

    // A reward as text, for example -0.33333333333333.
    private const int RewardTokens = 20;

    /// <summary>Columns that the data must have for it.</summary>
    public IEnumerable<string> Columns => Template.Names.Where(n => !Given.ContainsKey(n)).Select(ColumnOf).Distinct(StringComparer.Ordinal);

    /// <summary>The text for an example, what the run gives left out; another example's columns are taken from this one.</summary>
    public string Fill(TrainingExample example) => Template.Fill(name => Given.ContainsKey(name) ? "" : example.Column(ColumnOf(name)) ?? "");

    /// <summary>The most tokens of what the run gives.</summary>
    public int GivenTokens => Template.Names.Sum(n => Given.GetValueOrDefault(n));

    /// <summary>Every such text of a recipe's signal.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="columns">Columns of the data, to tell a slip of the pen from a text that is left out.</param>
    /// <exception cref="OpdException">OPD1002 or OPD1321: a text or harness that cannot be read.</exception>
    public static IEnumerable<ContextText> Of(Recipe recipe, string folder, IEnumerable<string> columns)
    {
        if (recipe.Objective is SupervisedObjectiveRecipe || recipe.Signal is not { } signal) return [];
        IEnumerable<(string Setting, ContextRecipe? Context)> contexts =
            [("signal.context", signal.Context), .. signal.Auxiliary.Select((c, i) => ($"signal.auxiliary[{i}]", (ContextRecipe?)c)), ("signal.contrast", signal.Contrast)];
        return contexts.SelectMany(c => c.Context switch
        {
            TemplateContextRecipe template => [new ContextText(c.Setting, ContextTemplate.Parse(template.Text, c.Setting + ".text"), new Dictionary<string, int>())],
            PeerContextRecipe peers => OfPeers(peers, c.Setting, recipe.Rollout.MaxNewTokens),
            HarnessContextRecipe harness => OfHarness(harness, HarnessDefinition.Load(harness.Harness, folder), c.Setting, columns),
            _ => Array.Empty<ContextText>(),
        });
    }

    private static IEnumerable<ContextText> OfPeers(PeerContextRecipe peers, string setting, int response)
    {
        yield return new ContextText(setting, ContextTemplate.Parse(peers.Text, setting + ".text"), new Dictionary<string, int> { ["peer"] = response });
        if (peers.Feedback is { } feedback)
            yield return new ContextText(setting, ContextTemplate.Parse(feedback, setting + ".feedback"), new Dictionary<string, int> { ["response"] = response, ["reward"] = RewardTokens });
    }

    private static IEnumerable<ContextText> OfHarness(HarnessContextRecipe recipe, HarnessDefinition harness, string setting, IEnumerable<string> columns)
    {
        harness.CheckNames(recipe.Harness, columns);
        Dictionary<string, int> given = new(StringComparer.Ordinal) { [HarnessDefinition.HintName] = 0 };
        foreach (string name in harness.Retrieve.Keys) given[name] = 0; // as long as the examples that it finds: not known before
        foreach (HarnessStage stage in harness.Stages)
        {
            yield return new ContextText(setting, ContextTemplate.Parse(stage.Prompt, $"stage {stage.Name} of the harness"), new Dictionary<string, int>(given, StringComparer.Ordinal), NeedsColumns: false);
            given[stage.Name] = Math.Min(recipe.MaxNewTokens, stage.MaxNewTokens ?? int.MaxValue);
        }
        foreach (string final in harness.Final) yield return new ContextText(setting, ContextTemplate.Parse(final, "final of the harness"), given, NeedsColumns: false);
    }

    private static string ColumnOf(string name) => name.StartsWith(OtherPrefix, StringComparison.Ordinal) ? name[OtherPrefix.Length..] : name;
}
