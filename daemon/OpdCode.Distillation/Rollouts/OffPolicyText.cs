using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Rollouts;

/// <summary>Decides which prompts of a step get a text that the student did not write, and lets the judge write it where it does.</summary>
internal sealed class OffPolicyText
{
    private readonly OffPolicyRecipe _off;
    private readonly Recipe _recipe;
    private readonly LanguageModel _student;
    private readonly IJudge? _judge;
    private readonly AdaptiveText? _adaptive;

    /// <summary>Checks that somebody can write the text.</summary>
    /// <param name="off">Who writes how much.</param>
    /// <param name="recipe">How texts are made.</param>
    /// <param name="student">The model that learns.</param>
    /// <param name="judge">Who may write; null where nobody does.</param>
    /// <param name="adaptive">Decides for each step; null where shares are fixed.</param>
    /// <exception cref="OpdException">OPD1304 when the judge is to write and there is none.</exception>
    public OffPolicyText(OffPolicyRecipe off, Recipe recipe, LanguageModel student, IJudge? judge, AdaptiveText? adaptive = null)
    {
        (_off, _recipe, _student, _judge, _adaptive) = (off, recipe, student, judge, adaptive);
        if (UsesJudge && judge is null)
            throw new OpdException(ErrorCodes.ObjectiveInputMissing, "offPolicy.text is \"judge\", and the recipe has no signal that could write. Add a signal, or take the completions of the data.");
    }

    /// <summary>Whether the judge writes the text, not the data.</summary>
    public bool UsesJudge => _off.Text == "judge";

    /// <summary>The rollouts of a step.</summary>
    /// <param name="step">From 1.</param>
    /// <param name="draw">Which draw of random numbers it is.</param>
    /// <param name="batch">The prompts.</param>
    /// <param name="firstGroup">Group of the first prompt.</param>
    /// <param name="given">Makes a rollout of the data's answer.</param>
    /// <param name="write">Lets the student write to some prompts.</param>
    /// <param name="cancel">Checked between tokens.</param>
    public IReadOnlyList<Rollout> Mix(
        int step, int draw, EncodedPrompt[] batch, int firstGroup, Func<EncodedPrompt, Rollout> given, Func<EncodedPrompt[], IReadOnlyList<Rollout>> write, CancellationToken cancel)
    {
        if (_adaptive is not null && step > _off.Steps)
        {
            TextChoice choice = _adaptive.Choose(step);
            if (choice == TextChoice.Replayed) return _adaptive.Replay(batch.Length * _recipe.Rollout.SamplesPerPrompt, step);
            if (choice == TextChoice.Fresh)
            {
                IReadOnlyList<Rollout> fresh = write(batch);
                _adaptive.Keep(fresh);
                return fresh;
            }
        }
        bool allGiven = step <= _off.Steps || _off.Paired || _adaptive is not null;
        bool[] isGiven = [.. batch.Select((_, i) => allGiven || CounterRandom.Uniform(_recipe.Seed, RandomStream.ForContext(draw, 63, i), 0) < _off.Share)];
        int[] own = [.. Enumerable.Range(0, batch.Length).Where(i => !isGiven[i] || (_off.Paired && step > _off.Steps))];
        int[] others = [.. Enumerable.Range(0, batch.Length).Where(i => isGiven[i])];
        // The student's rollouts come numbered by their place among its own prompts; a group is a prompt of the whole step.
        IEnumerable<Rollout> written = own.Length == 0 ? [] : write([.. own.Select(i => batch[i])]).Select(r => r with { Group = firstGroup + own[r.Group - firstGroup] });
        IEnumerable<Rollout> offered = UsesJudge ? Written(draw, batch, others, cancel) : others.Select(i => given(batch[i]) with { Writer = RolloutWriter.Data });
        return [.. written, .. offered.Select((r, n) => r with { Group = firstGroup + others[n] })];
    }

    private IEnumerable<Rollout> Written(int draw, EncodedPrompt[] batch, int[] places, CancellationToken cancel)
    {
        RolloutRecipe r = _recipe.Rollout;
        var options = new SamplingOptions
        {
            MaxNewTokens = r.MaxNewTokens, Temperature = r.Temperature, TopK = r.TopK, TopP = r.TopP, StopIds = _student.StopIds, Seed = _recipe.Seed,
        };
        int[][] prompts = [.. places.Select(i => batch[i].Ids)];
        long[] streams = [.. places.Select(i => RandomStream.ForContext(draw, 62, i))];
        IReadOnlyList<GeneratedSequence> written = _judge!.Use(decoder => Generator.Generate(decoder, _student.VocabularySize, prompts, streams, options, cancel: cancel));
        return places.Select((i, n) => new Rollout
        {
            Source = batch[i].Example, PromptIds = batch[i].Ids, ResponseIds = written[n].Ids, SamplerLogprobs = written[n].SamplerLogprobs, Finish = written[n].Finish, Writer = RolloutWriter.Judge,
        });
    }
}
