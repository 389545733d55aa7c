using System.Globalization;
using System.Text.RegularExpressions;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Contexts;

namespace OpdCode.Distillation.Signals;

/// <summary>
/// A context out of the step's own rollouts: a successful sibling's text, else feedback on the attempt, else none
/// (SDPO, arXiv 2601.20802). Which sibling is shown is drawn by seed, step and place.
/// </summary>
internal sealed partial class PeerContext : IContextSource
{
    private readonly PeerContextRecipe _recipe;
    private readonly LanguageModel _model;
    private readonly PromptFormat _format;
    private readonly ExampleColumns _columns;
    private readonly ContextTemplate _text;
    private readonly ContextTemplate? _feedback;
    private readonly string _setting;
    private readonly long _seed;

    /// <summary>Parses the texts.</summary>
    public PeerContext(PeerContextRecipe recipe, LanguageModel model, PromptFormat format, ExampleColumns columns, string setting, long seed)
    {
        (_recipe, _model, _format, _columns, _setting, _seed) = (recipe, model, format, columns, setting, seed);
        _text = ContextTemplate.Parse(recipe.Text, setting + ".text");
        _feedback = recipe.Feedback is null ? null : ContextTemplate.Parse(recipe.Feedback, setting + ".feedback");
    }

    /// <inheritdoc />
    public IMethodState? State => null;

    /// <inheritdoc />
    public IReadOnlyList<int[]?> Prompts(IReadOnlyList<Rollout> rollouts, int step, CancellationToken cancel)
    {
        ILookup<int, int> successes = Enumerable.Range(0, rollouts.Count).Where(i => Succeeded(rollouts[i])).ToLookup(i => rollouts[i].Group);
        return [.. rollouts.Select((rollout, i) => Context(rollouts, rollout, i, successes[rollout.Group], step))];
    }

    private int[]? Context(IReadOnlyList<Rollout> rollouts, Rollout rollout, int place, IEnumerable<int> successes, int step)
    {
        int[] peers = [.. successes.Where(i => i != place || _recipe.ShowOwn)];
        string? text = null;
        if (peers.Length > 0)
        {
            int peer = peers[(int)(CounterRandom.Uniform(_seed, RandomStream.ForContext(step, 0, place), 0) * peers.Length)];
            string shown = _model.DecodeResponse(rollouts[peer].ResponseIds);
            if (_recipe.StripThinking) shown = Thinking().Replace(shown, "").Trim();
            text = _text.Fill(name => name == "peer" ? shown : _columns.Value(rollout.Source, name, _setting, 0));
        }
        else if (_feedback is not null && !Succeeded(rollout))
        {
            text = _feedback.Fill(name => name switch
            {
                "response" => _model.DecodeResponse(rollout.ResponseIds),
                "reward" => (rollout.Reward ?? 0).ToString(CultureInfo.InvariantCulture),
                _ => _columns.Value(rollout.Source, name, _setting, 0),
            });
        }
        return text is null ? null : ContextPrompt.Encode(_model, _format, rollout.Source, text);
    }

    private bool Succeeded(Rollout rollout) => (rollout.Reward ?? throw new OpdException(ErrorCodes.ObjectiveInputMissing,
        $"{_setting} shows successful attempts, and nothing scores the attempts. Add \"rewards\": [{{ \"kind\": \"exact\" }}].")) >= _recipe.Success;

    [GeneratedRegex("<think>.*?(</think>|$)", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Thinking();
}
