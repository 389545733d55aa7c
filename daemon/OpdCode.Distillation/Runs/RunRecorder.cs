using OpdCode.Distillation.Evaluation;
using OpdCode.Distillation.Feedback;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Models.Weights;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Runs;

/// <summary>Writes what happened into the run folder: numbers, token feedback, answers, checkpoints.</summary>
public sealed class RunRecorder(Recipe recipe, RunFolder folder, LanguageModel student, Evaluator? evaluator, TimeProvider time)
{
    private EvaluationResult? _before;
    private bool _warned;

    /// <summary>The last evaluation, or null.</summary>
    public EvaluationResult? LastEvaluation { get; private set; }

    /// <summary>The evaluation before training, or null.</summary>
    public EvaluationResult? FirstEvaluation => _before;

    /// <summary>Trained tokens of all steps.</summary>
    public long TotalTokens { get; private set; }

    /// <summary>Records the evaluation before training.</summary>
    public StepReport Evaluated(int step, EvaluationResult? result)
    {
        _before = LastEvaluation = result;
        var values = new Dictionary<string, double>();
        AddEvaluation(values, step, result);
        if (values.Count > 0) folder.Append(new StepMetrics(step, values));
        return new StepReport(step, values, result?.Accuracy);
    }

    /// <summary>Records the token feedback of a micro-batch where the recipe asks for it.</summary>
    public void Record(FeedbackRecorder feedback, SequenceBatch batch, TokenRows rows, TokenSignals signals, int step, int firstIndex)
    {
        RecordRecipe record = recipe.Record;
        bool due = record.Every > 0 && (step == 1 || step == recipe.Steps || step % record.Every == 0);
        if (!due || firstIndex >= record.Rollouts) return;
        IReadOnlyList<RolloutRecord> records = feedback.Record(batch, rows, signals, step, firstIndex, record.Rollouts - firstIndex);
        folder.Append(step, records.Select((r, i) => WithAnswer(r, batch.Rollouts[i].Source)).ToArray());
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
        if (totals.Divergence is double divergence) values["divergence"] = divergence;
        if (totals.Reward is double reward) values["reward"] = reward;
        if (totals.LogRatio is double ratio) values["logRatio"] = ratio;
        if (totals.TeacherEntropy is double entropy) values["teacherEntropy"] = entropy;
        foreach ((string name, double value) in totals.Extra) values[name] = value;
        AddEvaluation(values, step, result);
        folder.Append(new StepMetrics(step, values));
        return new StepReport(step, values, result?.Accuracy);
    }

    /// <summary>Records something that a person should know, once in a run; nothing for null.</summary>
    public void Warn(int step, string? message)
    {
        if (message is null || _warned) return;
        _warned = true;
        folder.Append(new RunEvent { Time = time.GetUtcNow(), Event = "warning", Step = step, Message = message });
    }

    private void AddEvaluation(Dictionary<string, double> values, int step, EvaluationResult? result)
    {
        if (result is null) return;
        LastEvaluation = result;
        values["accuracy"] = result.Accuracy;
        values["evaluated"] = result.Correct.Count;
        folder.Append(new RunEvent { Time = time.GetUtcNow(), Event = "evaluated", Step = step });
    }

    /// <summary>Writes a checkpoint in Hugging Face layout and drops the oldest beyond the recipe's limit.</summary>
    public void Checkpoint(int step)
    {
        string path = folder.CheckpointPath(step), partial = path + ".partial";
        folder.Guard(() =>
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            student.Save(partial, recipe.Checkpoint.Type == "bfloat16" ? WeightType.BFloat16 : WeightType.Float32);
            student.SaveAdapter(Path.Combine(partial, "adapter")); // nothing without an adapter
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
            Directory.Move(partial, path); // a checkpoint has its name only when it is complete
        });
        folder.Append(new RunEvent { Time = time.GetUtcNow(), Event = "checkpoint", Step = step });
        if (recipe.Checkpoint.Keep > 0) folder.Guard(() => DropOldest(Path.GetDirectoryName(path)!));
    }

    private void DropOldest(string checkpoints)
    {
        IEnumerable<string> old = Directory.EnumerateDirectories(checkpoints, "checkpoint-*")
            .Where(p => int.TryParse(Path.GetFileName(p)["checkpoint-".Length..], out _))
            .OrderByDescending(p => int.Parse(Path.GetFileName(p)["checkpoint-".Length..], System.Globalization.CultureInfo.InvariantCulture))
            .Skip(recipe.Checkpoint.Keep);
        foreach (string stale in old.ToArray()) Directory.Delete(stale, recursive: true);
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
}
