using OpdCode.Distillation.Evaluation;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Rollouts;

/// <summary>Where a step's texts come from: the student writes them, or (supervised) the data gives them.</summary>
public sealed class StudentSampler
{
    private readonly LanguageModel _student;
    private readonly PromptSource _prompts;
    private readonly Recipe _recipe;
    private readonly int? _end;
    private readonly OffPolicyText? _offPolicy;
    private readonly AdaptiveText? _adaptive;
    private readonly IJudge? _mixedIn;
    private readonly double _mixedShare;

    /// <summary>Checks, for the supervised objective, that every example has an answer to learn from.</summary>
    /// <param name="student">The model that learns.</param>
    /// <param name="prompts">The training examples.</param>
    /// <param name="recipe">How texts are made of them.</param>
    /// <param name="judge">Who may write text for the student to learn from; null where nobody does.</param>
    /// <exception cref="OpdException">OPD1201 naming file and line: no completion, or an empty one for a model without an end token.</exception>
    public StudentSampler(LanguageModel student, PromptSource prompts, Recipe recipe, IJudge? judge = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(recipe);
        (_student, _prompts, _recipe) = (student, prompts, recipe);
        _end = student.EndId(recipe.Data.Format);
        if (recipe.OffPolicy is { } off && recipe.Objective is not SupervisedObjectiveRecipe)
        {
            if (off.Adaptive is { } adaptive) _adaptive = Adaptive(adaptive);
            _offPolicy = new OffPolicyText(off, recipe, student, judge, _adaptive);
        }
        if (recipe.Objective is PolicyGradientObjectiveRecipe { TeacherMix: > 0 and var share })
        {
            (_mixedIn, _mixedShare) = (judge as TeacherSignal ?? throw new OpdException(ErrorCodes.ObjectiveInputMissing,
                "objective.teacherMix lets the teacher write along, and the recipe has no teacher model. Set signal.kind to \"teacher\", or teacherMix to 0."), share);
        }
        bool learnsFromAnswers = recipe.Objective is SupervisedObjectiveRecipe || _offPolicy is { UsesJudge: false };
        if (!learnsFromAnswers) return;
        foreach (TrainingExample example in prompts.Loaded) CheckCompletion(example);
    }

    /// <summary>What it carries from step to step; null for nothing.</summary>
    public IMethodState? State => _adaptive;

    /// <summary>Numbers of the step that was sampled last, by the name of their metric; null without any.</summary>
    public IReadOnlyDictionary<string, double>? Metrics => _adaptive is null || double.IsNaN(_adaptive.ValidationLoss) ? null // before its first look
        : new Dictionary<string, double> { ["ownTextThreshold"] = _adaptive.Threshold, ["validationLoss"] = _adaptive.ValidationLoss, ["keptForReplay"] = _adaptive.Kept };

    /// <summary>The rollouts of a step, in a fixed order, for the next prompts of the stream.</summary>
    /// <param name="step">From 1.</param>
    /// <param name="refill">0, or how often more was asked for in this step: other prompts, other draws, other groups.</param>
    /// <param name="written">Told of what the student wrote, one by one, while it writes the others; groups may be numbered otherwise in the end.</param>
    /// <param name="cancel">Checked between tokens.</param>
    public IReadOnlyList<Rollout> Sample(int step, int refill, Action<Rollout>? written, CancellationToken cancel)
    {
        using StepProfile.Span span = StepProfile.Measure("sample");
        EncodedPrompt[] batch = _prompts.Next(_recipe.Rollout.PromptsPerStep);
        // Refills draw random numbers as the steps after the last would: a function of step and refill alone.
        int draw = step + refill * _recipe.Steps;
        if (_recipe.Objective is SupervisedObjectiveRecipe) return batch.Select(Given).ToArray();
        int firstGroup = refill * _recipe.Rollout.PromptsPerStep;
        return _offPolicy is null ? Write(draw, firstGroup, batch, written, cancel) : _offPolicy.Mix(step, draw, batch, firstGroup, Given, own => Write(draw, firstGroup, own, written, cancel), cancel);
    }

    private AdaptiveText Adaptive(AdaptiveOffPolicyRecipe adaptive)
    {
        IReadOnlyList<EncodedPrompt> heldOut = _recipe.Evaluate is { } evaluate ? PromptEncoder.ReadHeldOut(evaluate, _recipe.Data, _student, _recipe.Rollout.MaxNewTokens) : [];
        if (heldOut.Count == 0 || heldOut.Any(p => p.Example.Completion is null))
        {
            var encoder = new PromptEncoder(_recipe.Data.Train, _student, _recipe.Data.Format, _recipe.Rollout.MaxNewTokens);
            heldOut = [.. CounterRandom.Permutation(_prompts.Loaded.Count, _recipe.Seed, RandomStream.ValidationPrompts).Take(adaptive.ValidationPrompts).Select(i => new EncodedPrompt(_prompts.Loaded[i], encoder.Encode(_prompts.Loaded[i])))];
        }
        var loss = new CompletionLoss(_student, [.. heldOut.Take(adaptive.ValidationPrompts).Select(Given)]);
        return new AdaptiveText(adaptive, _recipe.Steps, _recipe.Seed, loss.Mean, line => _prompts.Loaded.FirstOrDefault(e => e.Line == line && line > 0));
    }

    private Rollout[] Write(int draw, int firstGroup, EncodedPrompt[] batch, Action<Rollout>? written, CancellationToken cancel)
    {
        RolloutRecipe r = _recipe.Rollout;
        EncodedPrompt[] prompts = batch.SelectMany(prompt => Enumerable.Repeat(prompt, r.SamplesPerPrompt)).ToArray();
        var options = new SamplingOptions
        {
            MaxNewTokens = r.MaxNewTokens, Temperature = r.Temperature, TopK = r.TopK, TopP = r.TopP, StopIds = _student.StopIds, Seed = _recipe.Seed,
        };
        long[] streams = prompts.Select((_, place) => RandomStream.ForRollout(draw, place)).ToArray();
        int[][] ids = [.. prompts.Select(p => p.Ids)];
        var rollouts = new Rollout[prompts.Length];
        _ = _mixedIn is null
            ? Generator.Generate(_student.Decoder, _student.VocabularySize, ids, streams, options, Ended, cancel)
            : _mixedIn.Use(teacher => Generator.GenerateMixed(_student.Decoder, teacher, _mixedShare, _student.VocabularySize, ids, streams, options, Ended, cancel));
        return rollouts;

        void Ended(int i, GeneratedSequence sequence)
        {
            rollouts[i] = new Rollout
            {
                Source = prompts[i].Example,
                Group = firstGroup + i / r.SamplesPerPrompt,
                PromptIds = prompts[i].Ids,
                ResponseIds = sequence.Ids,
                SamplerLogprobs = sequence.SamplerLogprobs,
                Finish = sequence.Finish,
            };
            written?.Invoke(rollouts[i]);
        }
    }

    private void CheckCompletion(TrainingExample example)
    {
        if (example.Completion is null)
        {
            throw new OpdException(ErrorCodes.DataLineInvalid,
                $"{_prompts.Place(example)}: the line has no \"completion\", which the supervised objective learns from. Add it, or remove the line.");
        }
        // With an end token an empty answer teaches to stop at once; without one there is nothing to learn.
        if (_end is null && Ids(example).Length == 0)
        {
            throw new OpdException(ErrorCodes.DataLineInvalid,
                $"{_prompts.Place(example)}: the completion has no token, and the model has no end token that could be learned instead. Write an answer, or name the model's eos_token.");
        }
    }

    private int[] Ids(TrainingExample example) => _student.Tokenizer.Encode(example.Completion!, SpecialTokens.None).Ids;

    // The given answer, cut at the longest response like a sampled one, and the token that ends a response.
    private Rollout Given(EncodedPrompt prompt)
    {
        CheckCompletion(prompt.Example);
        int[] ids = Ids(prompt.Example);
        int most = _recipe.Rollout.MaxNewTokens;
        bool ends = _end is not null && ids.Length < most;
        return new Rollout
        {
            Source = prompt.Example,
            PromptIds = prompt.Ids,
            ResponseIds = ends ? [.. ids, _end!.Value] : ids[..Math.Min(ids.Length, most)],
            Finish = ends ? FinishReason.Stop : FinishReason.Length,
        };
    }
}
