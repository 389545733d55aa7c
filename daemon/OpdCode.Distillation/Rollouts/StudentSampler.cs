using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Rollouts;

/// <summary>Where a step's texts come from: the student writes them, or (supervised) the data gives them.</summary>
public sealed class StudentSampler(LanguageModel student, PromptSource prompts, Recipe recipe)
{
    /// <summary>The rollouts of a step, in a fixed order.</summary>
    public IReadOnlyList<Rollout> Sample(int step, CancellationToken cancel)
    {
        int[] batch = prompts.Batch(step, recipe.Rollout.PromptsPerStep);
        return recipe.Objective is SupervisedObjectiveRecipe ? batch.Select(Given).ToArray() : Write(step, batch, cancel);
    }

    private Rollout[] Write(int step, int[] batch, CancellationToken cancel)
    {
        RolloutRecipe r = recipe.Rollout;
        int[] examples = batch.SelectMany(example => Enumerable.Repeat(example, r.SamplesPerPrompt)).ToArray();
        var options = new SamplingOptions
        {
            MaxNewTokens = r.MaxNewTokens, Temperature = r.Temperature, TopK = r.TopK, TopP = r.TopP, StopIds = student.StopIds, Seed = recipe.Seed,
        };
        long[] streams = examples.Select((_, place) => RandomStream.ForRollout(step, place)).ToArray();
        IReadOnlyList<GeneratedSequence> written = Generator.Generate(
            student.Decoder, student.VocabularySize, examples.Select(e => prompts.PromptIds[e]).ToArray(), streams, options, cancel);
        return examples.Select((example, i) => new Rollout
        {
            Example = example,
            Group = i / r.SamplesPerPrompt,
            PromptIds = prompts.PromptIds[example],
            ResponseIds = written[i].Ids,
            SamplerLogprobs = written[i].SamplerLogprobs,
            Finish = written[i].Finish,
        }).ToArray();
    }

    // The given answer, cut at the longest response like a sampled one, and the token that ends a response.
    private Rollout Given(int example)
    {
        int[] ids = [.. student.Tokenizer.Encode(prompts.Examples[example].Completion ?? "", Models.Tokenization.SpecialTokens.None).Ids];
        int most = recipe.Rollout.MaxNewTokens;
        bool fits = ids.Length < most;
        return new Rollout
        {
            Example = example,
            PromptIds = prompts.PromptIds[example],
            ResponseIds = fits && student.Tokenizer.EosId is int end ? [.. ids, end] : ids[..Math.Min(ids.Length, most)],
            Finish = fits ? FinishReason.Stop : FinishReason.Length,
        };
    }
}
