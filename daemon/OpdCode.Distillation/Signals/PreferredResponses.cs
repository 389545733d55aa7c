using OpdCode.Distillation.Rollouts;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Signals;

/// <summary>
/// Pairs for preference-based self-distillation (PBSD, arXiv 2605.05040): to every response of the student y₋ the judge, who
/// sees its context, writes the preferred y₊. Equal or empty pairs teach nothing and are left out.
/// </summary>
internal sealed class PreferredResponses(Recipe recipe, LanguageModel student)
{
    /// <summary>The pairs of a step: each a group of its own, y₊ with reward 1 and y₋ with reward 0.</summary>
    public IReadOnlyList<Rollout> Pair(IReadOnlyList<Rollout> rollouts, IJudge judge, IReadOnlyList<int[]?>? contexts, int step, CancellationToken cancel)
    {
        int[] written = [.. Enumerable.Range(0, rollouts.Count).Where(i => contexts is null || contexts[i] is not null)];
        RolloutRecipe r = recipe.Rollout;
        var options = new SamplingOptions
        {
            MaxNewTokens = r.MaxNewTokens, Temperature = r.Temperature, TopK = r.TopK, TopP = r.TopP, StopIds = student.StopIds, Seed = recipe.Seed,
        };
        int[][] prompts = [.. written.Select(i => contexts?[i] ?? rollouts[i].PromptIds)];
        long[] streams = [.. written.Select(i => RandomStream.ForContext(step, 1, i))];
        IReadOnlyList<GeneratedSequence> preferred = judge.Use(decoder => Generator.Generate(decoder, student.VocabularySize, prompts, streams, options, cancel: cancel));
        List<Rollout> pairs = [];
        for (int place = 0; place < written.Length; place++)
        {
            Rollout own = rollouts[written[place]] with { JudgePromptIds = contexts?[written[place]] };
            GeneratedSequence other = preferred[place];
            if (own.ResponseIds.Length == 0 || other.Ids.Length == 0 || own.ResponseIds.SequenceEqual(other.Ids)) continue;
            pairs.Add(own with
            {
                ResponseIds = other.Ids, SamplerLogprobs = other.SamplerLogprobs, Finish = other.Finish, Writer = RolloutWriter.Judge, Group = written[place], Reward = 1,
            });
            pairs.Add(own with { Group = written[place], Reward = 0 });
        }
        return pairs;
    }
}
