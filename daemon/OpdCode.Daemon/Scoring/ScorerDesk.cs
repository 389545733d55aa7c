using System.Text.Json;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Supervision;
using OpdCode.Daemon.Work;
using OpdCode.Distillation.Evaluation;
using OpdCode.Distillation.Feedback;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Models.Templates;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Daemon.Scoring;

/// <summary>The scorer process's side: computes one thing at a time with models that stay loaded.</summary>
internal sealed class ScorerDesk : IScorerControl, IDisposable
{
    private const int Places = 4, MostTokens = 32_768, MostAlternatives = 50;

    private readonly ModelShelf _shelf = new(Places);
    private readonly SemaphoreSlim _turn = new(1);

    /// <inheritdoc />
    public Task<string> Score(ScoreParams parameters, IProgress<ScorerProgress> progress, CancellationToken cancel) => InTurn(() =>
    {
        if (parameters.TopK is < 0 or > MostAlternatives) throw Refused($"topK is {parameters.TopK}; it is 0 to {MostAlternatives}.");
        IObjective objective = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = parameters.Divergence });
        LanguageModel student = Load(parameters.Student, progress), teacher = Load(parameters.Teacher, progress);
        cancel.ThrowIfCancellationRequested();
        var judge = new TeacherSignal(teacher); // not disposed: the model is the shelf's
        judge.CheckSameTokens(student);
        int[] prompt = Prompt(student, parameters.Prompt, parameters.ApplyTemplate), text = student.Tokenizer.Encode(parameters.Text, SpecialTokens.None).Ids;
        if (text.Length is 0 or > MostTokens) throw Refused($"The text has {text.Length} tokens; 1 to {MostTokens} can be scored.");
        foreach (LanguageModel model in (LanguageModel[])[student, teacher]) Generator.CheckLength(model.Decoder.Config, prompt.Length, text.Length);
        progress.Report(new ScorerProgress($"Scoring {text.Length} tokens with {Name(parameters.Teacher)}", null));
        RolloutRecord scored = TextScorer.Score(student, judge, objective, prompt, text, parameters.TopK);
        return JsonSerializer.Serialize(scored with { Finish = "given" }, RunJson.Options);
    }, cancel);

    /// <inheritdoc />
    public Task<Generated> Generate(GenerateParams parameters, IProgress<ScorerProgress> progress, CancellationToken cancel) => InTurn(() =>
    {
        if (parameters.MaxNewTokens is < 1 or > MostTokens) throw Refused($"maxNewTokens is {parameters.MaxNewTokens}; it is 1 to {MostTokens}.");
        if (!double.IsFinite(parameters.Temperature) || parameters.Temperature < 0) throw Refused(FormattableString.Invariant($"temperature is {parameters.Temperature}; it is 0 or more."));
        LanguageModel model = Load(parameters.Model, progress);
        int[] prefix = parameters.Prefix.Length == 0 ? [] : model.Tokenizer.Encode(parameters.Prefix, SpecialTokens.None).Ids;
        int[] prompt = [.. Prompt(model, parameters.Prompt, parameters.ApplyTemplate), .. prefix];
        // A window that is nearly full is used to its end; one that is full is refused below.
        int room = Math.Clamp(model.Decoder.Config.ContextLimit - prompt.Length, 1, parameters.MaxNewTokens);
        var options = new SamplingOptions { MaxNewTokens = room, Temperature = parameters.Temperature, Seed = parameters.Seed, StopIds = model.StopIds };
        progress.Report(new ScorerProgress($"Writing with {Name(parameters.Model)}", null));
        GeneratedSequence written = Generator.Generate(model.Decoder, model.VocabularySize, [prompt], [0L], options, cancel: cancel)[0];
        return new Generated(NewText(model, prefix, written.Ids), written.Finish == FinishReason.Stop ? "stop" : "length", written.Ids.Length);
    }, cancel);

    /// <inheritdoc />
    public Task<CheckpointScore> Evaluate(string runFolder, int step, IProgress<ScorerProgress> progress, CancellationToken cancel) => InTurn(() =>
    {
        string checkpoint = CheckpointList.PathOf(runFolder, step);
        RecipeReading reading = RecordedRecipe.Request(new RunFolderReader(runFolder).Read(null, TimeProvider.System.GetUtcNow()).Run, TimeProvider.System.GetUtcNow()).Read();
        Recipe recipe = reading.Recipe!;
        if (recipe.Evaluate is not EvaluateRecipe evaluate)
            throw new OpdException(ErrorCodes.RunStateInvalid, "The run's recipe does not evaluate, so there is nothing to measure a checkpoint with. Add evaluate to the recipe and run it again.");
        LanguageModel model = Load(checkpoint, progress);
        evaluate = evaluate with { Data = evaluate.Data is null ? null : reading.FullPath(evaluate.Data) };
        DataRecipe data = recipe.Data with { Train = reading.FullPath(recipe.Data.Train) };
        IReadOnlyList<EncodedPrompt> prompts = PromptEncoder.ReadHeldOut(evaluate, data, model, recipe.Rollout.MaxNewTokens);
        progress.Report(new ScorerProgress($"Answering {prompts.Count} held-out prompts with the checkpoint of step {step}", null));
        EvaluationResult result = new Evaluator(evaluate, evaluate.Data ?? data.Train, prompts, recipe.Rollout.MaxNewTokens).Evaluate(model, cancel);
        return new CheckpointScore(step, result.Accuracy, result.Correct.Count);
    }, cancel);

    private LanguageModel Load(string folder, IProgress<ScorerProgress> progress) => _shelf.Take(folder, () => progress.Report(new ScorerProgress($"Loading {Name(folder)}", null)));

    private static int[] Prompt(LanguageModel model, string prompt, bool applyTemplate)
    {
        int[] ids = applyTemplate ? model.EncodeChat([new ChatMessage("user", prompt)]) : model.EncodePlain(prompt);
        if (ids.Length > 0) return ids;
        // What ends one text of a model's training stands before the next: the nearest there is to nothing.
        return model.EndId(PromptFormat.Plain) is int end ? [end] : throw Refused("The prompt is empty and the model has no token to begin a text with. Give a prompt.");
    }

    // Decoded together: whether a space belongs to the first new token depends on what stands before.
    private static string NewText(LanguageModel model, int[] prefix, int[] ids)
    {
        string before = model.DecodeResponse(prefix), all = model.DecodeResponse([.. prefix, .. ids]);
        return all.StartsWith(before, StringComparison.Ordinal) ? all[before.Length..] : model.DecodeResponse(ids);
    }

    private static string Name(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));

    private static OpdException Refused(string message) => new(ErrorCodes.RequestInvalid, message);

    private async Task<T> InTurn<T>(Func<T> work, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return await Task.Run(work, cancel);
        }
        catch (OpdException failure)
        {
            throw PipeErrors.ToWire(failure);
        }
        catch (Exception failure) when (MemoryFailure.ExplainOutsideOfSteps(failure) is { } memory)
        {
            throw PipeErrors.ToWire(memory);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _shelf.Dispose();
        _turn.Dispose();
    }
}
