using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Signals;

/// <summary>A context that is a text over the columns of the example: a solution, a demonstration, a hint.</summary>
internal sealed class TemplateContext : IContextSource
{
    private readonly LanguageModel _model;
    private readonly PromptFormat _format;
    private readonly IReadOnlyList<TrainingExample> _examples;
    private readonly ExampleColumns _columns;
    private readonly ContextTemplate _template;
    private readonly string _setting;
    private readonly int _which;

    /// <summary>Parses the text and fills it once for every example, so that a missing column is found before the first step.</summary>
    public TemplateContext(TemplateContextRecipe recipe, LanguageModel model, PromptFormat format, PromptSource prompts, ExampleColumns columns, string setting, int which)
    {
        (_model, _format, _examples, _columns, _setting, _which) = (model, format, prompts.Examples, columns, setting, which);
        _template = ContextTemplate.Parse(recipe.Text, setting + ".text");
        for (int example = 0; example < _examples.Count; example++) Text(example);
    }

    /// <inheritdoc />
    public IMethodState? State => null;

    /// <inheritdoc />
    public IReadOnlyList<int[]?> Prompts(IReadOnlyList<Rollout> rollouts, int step, CancellationToken cancel)
    {
        // Rollouts of one prompt share their context: it is encoded once.
        Dictionary<int, int[]> encoded = [];
        foreach (int example in rollouts.Select(r => r.Example).Distinct())
            encoded[example] = ContextPrompt.Encode(_model, _format, _examples[example], Text(example));
        return [.. rollouts.Select(r => encoded[r.Example])];
    }

    private string Text(int example) => _template.Fill(name => _columns.Value(example, name, _setting, _which));
}
