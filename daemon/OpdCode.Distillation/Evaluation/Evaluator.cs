using OpdCode.Distillation.Rollouts;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Evaluation;

/// <summary>Lets a model answer the held-out prompts greedily and compares with the known answers.</summary>
public sealed class Evaluator
{
    // Prompts in one batch: enough to keep the cores busy, few enough for the cache of a long answer.
    private const int BatchSize = 256;

    private readonly EvaluateRecipe _recipe;
    private readonly int _maxNewTokens;
    private readonly int[] _byLength;

    /// <summary>Encodes the held-out prompts.</summary>
    /// <param name="recipe">What to evaluate on.</param>
    /// <param name="prompts">The held-out examples; each needs an answer.</param>
    /// <param name="maxNewTokens">The longest response.</param>
    /// <exception cref="OpdException">OPD1201 when an example has no answer.</exception>
    public Evaluator(EvaluateRecipe recipe, PromptSource prompts, int maxNewTokens)
    {
        (_recipe, Prompts, _maxNewTokens) = (recipe, prompts, maxNewTokens);
        foreach (TrainingExample example in prompts.Examples)
        {
            if (example.Answer is null)
                throw new OpdException(ErrorCodes.DataLineInvalid, $"{recipe.Data}, line {example.Line}: no \"answer\" to compare with. Evaluation needs one on every line.");
        }
        _byLength = Enumerable.Range(0, prompts.Examples.Count).OrderBy(i => prompts.PromptIds[i].Length).ToArray();
    }

    /// <summary>The held-out examples.</summary>
    public PromptSource Prompts { get; }

    /// <summary>Answers all of them.</summary>
    public EvaluationResult Evaluate(LanguageModel model, CancellationToken cancel)
    {
        var responses = new string[_byLength.Length];
        var options = new SamplingOptions { MaxNewTokens = _maxNewTokens, Temperature = 0, StopIds = model.StopIds };
        foreach (int[] batch in _byLength.Chunk(BatchSize)) // similar lengths together: less padding
        {
            IReadOnlyList<GeneratedSequence> written = Generator.Generate(
                model.Decoder, model.VocabularySize, batch.Select(i => Prompts.PromptIds[i]).ToArray(), batch.Select(i => (long)i).ToArray(), options, cancel);
            for (int b = 0; b < batch.Length; b++) responses[batch[b]] = model.DecodeResponse(written[b].Ids);
        }
        bool[] correct = responses.Select((text, i) => AnswerCheck.IsCorrect(_recipe, text, Prompts.Examples[i].Answer!)).ToArray();
        return new EvaluationResult(responses, correct);
    }
}
