using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Recipes;
using OpdCode.Recipes.Contexts;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Signals;

/// <summary>A context that is a text over the columns of the example: a solution, a demonstration, a hint.</summary>
internal sealed class TemplateContext : IContextSource
{
    private readonly LanguageModel _model;
    private readonly PromptFormat _format;
    private readonly ExampleColumns _columns;
    private readonly ContextTemplate _template;
    private readonly string _setting;
    private readonly int _which;

    /// <summary>Parses the text and fills it once for every example that is in memory, so that a missing column is found before the first step.</summary>
    public TemplateContext(TemplateContextRecipe recipe, LanguageModel model, PromptFormat format, PromptSource prompts, ExampleColumns columns, string setting, int which)
    {
        (_model, _format, _columns, _setting, _which) = (model, format, columns, setting, which);
        _template = ContextTemplate.Parse(recipe.Text, setting + ".text");
        foreach (TrainingExample example in prompts.Loaded) Text(example);
    }

    /// <inheritdoc />
    public IMethodState? State => null;

    /// <inheritdoc />
    public IReadOnlyList<int[]?> Prompts(IReadOnlyList<Rollout> rollouts, int step, CancellationToken cancel)
    {
        // Rollouts of one prompt share their context: it is encoded once.
        var encoded = new Dictionary<TrainingExample, int[]>(ReferenceEqualityComparer.Instance);
        foreach (Rollout rollout in rollouts)
            if (!encoded.ContainsKey(rollout.Source)) encoded[rollout.Source] = ContextPrompt.Encode(_model, _format, rollout.Source, Text(rollout.Source));
        return [.. rollouts.Select(r => encoded[r.Source])];
    }

    private string Text(TrainingExample example) => _template.Fill(name => _columns.Value(example, name, _setting, _which));
}
