using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Training;
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

    /// <summary>Takes the held-out prompts.</summary>
    /// <param name="recipe">How answers are found.</param>
    /// <param name="file">The file they are from, for messages.</param>
    /// <param name="prompts">The held-out examples; each needs an answer.</param>
    /// <param name="maxNewTokens">The longest response.</param>
    /// <exception cref="OpdException">OPD1201 when an example has no answer.</exception>
    public Evaluator(EvaluateRecipe recipe, string file, IReadOnlyList<EncodedPrompt> prompts, int maxNewTokens)
    {
        (_recipe, Prompts, _maxNewTokens) = (recipe, prompts, maxNewTokens);
        foreach (TrainingExample example in prompts.Select(p => p.Example))
        {
            if (example.Answer is null)
                throw new OpdException(ErrorCodes.DataLineInvalid, $"{file}, line {example.Line}: no \"answer\" to compare with. Evaluation needs one on every line.");
        }
        _byLength = Enumerable.Range(0, prompts.Count).OrderBy(i => prompts[i].Ids.Length).ToArray();
    }

    /// <summary>The held-out examples.</summary>
    public IReadOnlyList<EncodedPrompt> Prompts { get; }

    /// <summary>Answers all of them.</summary>
    public EvaluationResult Evaluate(LanguageModel model, CancellationToken cancel)
    {
        using StepProfile.Span span = StepProfile.Measure("evaluate");
        var responses = new string[_byLength.Length];
        var options = new SamplingOptions { MaxNewTokens = _maxNewTokens, Temperature = 0, StopIds = model.StopIds };
        foreach (int[] batch in _byLength.Chunk(BatchSize)) // similar lengths together: less padding
        {
            IReadOnlyList<GeneratedSequence> written = Generator.Generate(
                model.Decoder, model.VocabularySize, batch.Select(i => Prompts[i].Ids).ToArray(), batch.Select(i => (long)i).ToArray(), options, cancel: cancel);
            for (int b = 0; b < batch.Length; b++) responses[batch[b]] = model.DecodeResponse(written[b].Ids);
        }
        bool[] correct = responses.Select((text, i) => AnswerCheck.IsCorrect(_recipe, text, Prompts[i].Example.Answer!)).ToArray();
        return new EvaluationResult(responses, correct);
    }
}
