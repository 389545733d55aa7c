using System.Diagnostics;
using OpdCode.Distillation.Evaluation;
using OpdCode.Distillation.Feedback;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs.Checkpoints;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Runs;

/// <summary>
/// Writes what happened into the run folder: numbers, token feedback, answers, checkpoints. The files are written while
/// the loop goes on, in the order of what happened, and those of a step before the next one changes the weights: a failure
/// of the disk costs no more than the step that was being computed, and a checkpoint needs no copy of the weights.
/// </summary>
public sealed class RunRecorder(Recipe recipe, RunFolder folder, LanguageModel student, Evaluator? evaluator, CheckpointStore checkpoints, TimeProvider time) : IDisposable
{
    private readonly Stopwatch _active = Stopwatch.StartNew(), _sinceCheckpoint = Stopwatch.StartNew(); // no clock of the wall: it may jump
    private readonly TensorBoardLog _board = new(folder.Path, time);
    private readonly OrderedWriter _writer = new();
    private EvaluationResult? _before;
    private bool _warned;
    private RunProgress? _saved;
    private string? _resumeFrom;
    private string? _recipeHash;
    private (int Step, double? Accuracy) _latest;
    private double _secondsBefore;
    private PendingCheckpoint? _pending; // one at most: the next update waits for it
    private long _stepsEnd; // of what the writer was given: the end of the last step
    private volatile int _written;

    /// <summary>The last evaluation, or null.</summary>
    public EvaluationResult? LastEvaluation { get; private set; }

    /// <summary>The evaluation before training, or null.</summary>
    public EvaluationResult? FirstEvaluation => _before;

    /// <summary>Trained tokens of all steps.</summary>
    public long TotalTokens { get; private set; }

    /// <summary>Seconds that the run was active, earlier sessions included.</summary>
    public double ActiveSeconds => _secondsBefore + _active.Elapsed.TotalSeconds;

    /// <summary>The last step whose numbers are in the run folder; 0 before the first.</summary>
    public int WrittenStep => _written;

    /// <summary>Waits until everything that happened is in the run folder. Between two steps, on the thread that makes them.</summary>
    /// <exception cref="OpdException">OPD3003: the disk refuses; nothing was written after that.</exception>
    public void Settle() => _writer.Wait(_writer.Given);

    /// <summary>The same, whether the disk refused or not: who calls it has a failure to tell already.</summary>
    internal void Quiesce() => _writer.Idle();

    /// <summary>To be called before weights or optimizer change: waits until the step before is in the run folder, its checkpoint included.</summary>
    /// <exception cref="OpdException">OPD3003: the disk refuses. The weights are those of the step before.</exception>
    public void BeforeUpdate()
    {
        using StepProfile.Span span = StepProfile.Measure("wait for files");
        _writer.Wait(_stepsEnd);
        Forget();
    }

    /// <summary>Makes the run go on from a checkpoint, or, without one, from the beginning.</summary>
    internal void ResumeFrom(string? checkpoint, RunProgress? progress)
    {
        (_resumeFrom, _saved) = (checkpoint, progress);
        folder.Guard(() => _board.CutAfter(progress?.Step ?? -1));
        if (progress is null) return;
        _written = progress.Step;
        (_before, LastEvaluation, TotalTokens, _secondsBefore) = (progress.FirstEvaluation, progress.LastEvaluation, progress.TotalTokens, progress.ActiveSeconds);
    }

    /// <summary>Called once, when everything that a checkpoint holds has been made: gives it back what it was.</summary>
    /// <returns>The step that the run goes on from; null for a run that begins.</returns>
    public int? Begin(IMethodState optimizer)
    {
        checkpoints.Track(optimizer);
        _recipeHash = CheckpointManifest.Hash(Path.Combine(folder.Path, "recipe.json")); // of what this session runs, even when the file is edited later
        if (_resumeFrom is null) return null;
        checkpoints.Restore(_resumeFrom);
        return _saved!.Step;
    }

    /// <summary>Records the evaluation before training.</summary>
    public StepReport Evaluated(int step, EvaluationResult? result)
    {
        _before = LastEvaluation = result;
        var values = new Dictionary<string, double>();
        AddEvaluation(values, step, result);
        if (values.Count > 0) Append(new StepMetrics(step, values));
        _stepsEnd = _writer.Given;
        return new StepReport(step, values, result?.Accuracy);
    }

    /// <summary>Records the token feedback of a micro-batch where the recipe asks for it.</summary>
    public void Record(FeedbackRecorder feedback, SequenceBatch batch, TokenRows rows, TokenSignals signals, int step, int firstIndex)
    {
        using StepProfile.Span span = StepProfile.Measure("record feedback");
        RecordRecipe record = recipe.Record;
        bool due = record.Every > 0 && (step == 1 || step == recipe.Steps || step % record.Every == 0);
        if (!due || firstIndex >= record.Rollouts) return;
        Func<IReadOnlyList<RolloutRecord>> records = feedback.Read(batch, rows, signals, step, firstIndex, record.Rollouts - firstIndex);
        IReadOnlyList<Rollout> rollouts = batch.Rollouts;
        Write("write feedback", () => folder.Append(step, records().Select((r, i) => WithAnswer(r, rollouts[i].Source)).ToArray()));
    }

    private RolloutRecord WithAnswer(RolloutRecord record, TrainingExample example) => record with
    {
        Reference = example.Completion,
        Answer = example.Answer,
        Correct = recipe.Evaluate is null || example.Answer is null ? null
            : AnswerCheck.IsCorrect(recipe.Evaluate, student.DecodeResponse(record.TokenIds), example.Answer),
    };

    /// <summary>Records a step's numbers, and the evaluation if there was one.</summary>
    public StepReport Stepped(int step, StepTotals totals, StepClock clock, double gradientNorm, double learningRate, EvaluationResult? result)
    {
        using StepProfile.Span span = StepProfile.Measure("record metrics");
        TotalTokens += totals.Tokens;
        var values = new Dictionary<string, double>
        {
            ["seconds"] = clock.Seconds,
            ["loss"] = totals.Loss,
            ["studentEntropy"] = totals.StudentEntropy,
            ["gradientNorm"] = gradientNorm,
            ["learningRate"] = learningRate,
            ["responseTokens"] = totals.ResponseTokens,
            ["responseLength"] = totals.ResponseLength,
            ["truncated"] = totals.Truncated,
            ["rolloutTokensPerSecond"] = totals.ResponseTokens / Math.Max(clock.SampleSeconds, 1e-9),
            ["trainTokensPerSecond"] = totals.Tokens / Math.Max(clock.TrainSeconds, 1e-9),
            ["memoryBytes"] = Environment.WorkingSet,
        };
        if (recipe.OffPolicy?.Balance is { } balance) values["balance"] = LossBalance.At(balance, step, recipe.Steps);
        if (totals.Divergence is double divergence) values["divergence"] = divergence;
        if (totals.Reward is double reward) values["reward"] = reward;
        if (totals.LogRatio is double ratio) values["logRatio"] = ratio;
        if (totals.TeacherEntropy is double entropy) values["teacherEntropy"] = entropy;
        foreach ((string name, double value) in totals.Extra) values[name] = value;
        foreach ((string name, double value) in totals.Stabilizers.Values) values[name] = value;
        AddEvaluation(values, step, result);
        Append(new StepMetrics(step, values));
        _stepsEnd = _writer.Given;
        return new StepReport(step, values, result?.Accuracy);
    }

    /// <summary>Records something that a person should know, once in a run; nothing for null.</summary>
    public void Warn(int step, string? message)
    {
        if (message is null || _warned) return;
        _warned = true;
        Append(new RunEvent { Time = time.GetUtcNow(), Event = "warning", Step = step, Message = message });
    }

    private void Append(StepMetrics metrics) => Write("write metrics", () =>
    {
        folder.Append(metrics);
        if (recipe.Record.Tensorboard) folder.Guard(() => _board.Append(metrics));
        _written = metrics.Step;
    });

    private void Append(RunEvent happened) => _writer.Do(() => folder.Append(happened));

    private void Write(string name, Action write) => _writer.Do(() =>
    {
        using StepProfile.Span span = StepProfile.Measure(name);
        write();
    });

    private void AddEvaluation(Dictionary<string, double> values, int step, EvaluationResult? result)
    {
        _latest = (step, result?.Accuracy);
        if (result is null) return;
        LastEvaluation = result;
        values["accuracy"] = result.Accuracy;
        values["evaluated"] = result.Correct.Count;
        Append(new RunEvent { Time = time.GetUtcNow(), Event = "evaluated", Step = step });
    }

    /// <summary>Whether the recipe asks for a checkpoint after a step: the last, every so many, or because the last one is long ago.</summary>
    public bool IsCheckpointDue(int step) =>
        step == recipe.Steps
        || (recipe.Checkpoint.Every > 0 && step % recipe.Checkpoint.Every == 0)
        || (recipe.Checkpoint.Minutes > 0 && _sinceCheckpoint.Elapsed.TotalMinutes >= recipe.Checkpoint.Minutes);

    /// <summary>Takes the checkpoint of the step that was recorded last, to be written meanwhile; nothing when that has been done.</summary>
    public void Checkpoint(int step)
    {
        using StepProfile.Span span = StepProfile.Measure("take checkpoint");
        if (_saved?.Step == step) return;
        double? accuracy = _latest.Step == step ? _latest.Accuracy : null;
        bool best = accuracy >= (_saved?.BestAccuracy ?? double.NegativeInfinity); // of equals the one that trained longer
        var progress = new RunProgress
        {
            Step = step,
            TotalTokens = TotalTokens,
            ActiveSeconds = ActiveSeconds,
            RecipeHash = _recipeHash,
            BestStep = best ? step : _saved?.BestStep,
            BestAccuracy = best ? accuracy : _saved?.BestAccuracy,
            FirstEvaluation = _before,
            LastEvaluation = LastEvaluation,
        };
        PendingCheckpoint pending = _pending = checkpoints.Take(progress);
        Write("write checkpoint", () => checkpoints.Write(pending));
        _stepsEnd = _writer.Given;
        _saved = progress;
        _sinceCheckpoint.Restart();
    }

    /// <summary>Writes every held-out prompt with the answers before and after.</summary>
    public void WriteAnswers()
    {
        if (_before is null || LastEvaluation is null || evaluator is null) return;
        folder.WriteAnswers(evaluator.Prompts.Select(p => p.Example).Select((example, i) => new AnswerRecord
        {
            Index = i,
            Prompt = example.Prompt ?? string.Join("\n", example.Messages?.Select(m => m.Content) ?? []),
            Reference = example.Completion ?? example.Answer,
            Before = _before.Responses[i],
            BeforeCorrect = _before.Correct[i],
            After = LastEvaluation.Responses[i],
            AfterCorrect = LastEvaluation.Correct[i],
        }).ToArray());
    }

    /// <summary>Ends when everything that can be written is; whether the disk refused is what <see cref="Settle"/> says.</summary>
    public void Dispose()
    {
        _writer.Dispose();
        Forget();
    }

    private void Forget()
    {
        _pending?.Dispose();
        _pending = null;
    }
}
