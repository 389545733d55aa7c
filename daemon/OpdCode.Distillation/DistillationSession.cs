using System.Reflection;
using OpdCode.Distillation.Evaluation;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rewards;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Runs.Checkpoints;
using OpdCode.Distillation.Signals;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Resolving;

namespace OpdCode.Distillation;

/// <summary>A recipe with its models and data loaded and its run folder made: everything that can be refused has been refused before the first step.</summary>
public sealed class DistillationSession : IDisposable
{
    private readonly Recipe _recipe;
    private readonly LanguageModel _student;
    private readonly ITokenSignal _signal;
    private readonly IJudge? _judge;
    private readonly PretrainingLoss? _pretraining;
    private readonly WeightExtrapolation? _acceleration;
    private readonly Evaluator? _evaluator;
    private readonly PromptSource _prompts;
    private readonly StudentSampler _sampler;
    private readonly RolloutRewards _rewards;
    private readonly IObjective _objective;
    private readonly StepStabilizers _stabilizers;
    private readonly RunFolder _folder;
    private readonly RunRecorder _recorder;
    private readonly RunLock _lock;
    private readonly TimeProvider _time;
    private volatile bool _saveRequested;
    private volatile StopRequest? _stopRequested;
    private int _step;

    private DistillationSession(LoadedRecipe loaded, Func<(RunFolder, RunLock)> folder, string recipeFolder, TimeProvider time)
    {
        (Recipe recipe, LanguageModel student, IJudge? judge, IObjective objective, StabilizerPipeline stabilizers) = loaded;
        (_recipe, _student, _judge, _objective, _time) = (recipe, student, judge, objective, time);
        _stabilizers = new StepStabilizers(stabilizers, objective, student);
        int longest = recipe.Rollout.MaxNewTokens;
        PromptSource prompts = _prompts = PromptSource.Open(recipe.Data, student, longest, recipe.Seed);
        if (recipe.Evaluate is EvaluateRecipe evaluate)
            _evaluator = new Evaluator(evaluate, evaluate.Data ?? recipe.Data.Train, PromptEncoder.ReadHeldOut(evaluate, recipe.Data, student, longest), longest);
        _signal = SignalFactory.Create(recipe, judge, student, prompts, recipeFolder);
        _sampler = new StudentSampler(student, prompts, recipe, judge);
        _rewards = new RolloutRewards(recipe, recipeFolder, student);
        _pretraining = PretrainingLoss.Create(recipe, student, judge);
        if (recipe.Acceleration is ExtrapolateAccelerationRecipe acceleration)
        {
            var score = new TrainingScore(recipe, acceleration.ValidationPrompts, student, prompts, _rewards, _signal);
            _acceleration = new WeightExtrapolation(student.Decoder.Trained, acceleration, score.Of);
        }
        student.KeepCompanions(); // a checkpoint holds the tokenizer that the run uses, whatever becomes of the folder meanwhile
        (_folder, _lock) = folder();
        var checkpoints = new CheckpointStore(_folder, student, recipe.Checkpoint, time);
        foreach (IMethodState state in new object?[] { prompts, objective, _sampler.State, _rewards, _evaluator, _acceleration }.OfType<IMethodState>().Concat(_signal.States).Concat(stabilizers.States)) checkpoints.Track(state);
        _recorder = new RunRecorder(recipe, _folder, student, _evaluator, checkpoints, time);
    }

    /// <summary>The recipe with every default filled and absolute paths.</summary>
    public Recipe Recipe => _recipe;

    /// <summary>Full path of the run folder.</summary>
    public string Folder => _folder.Path;

    /// <summary>What the objective's number is: name, direction, support, sign, unit.</summary>
    public string ObjectiveLabel => _objective.Label;

    /// <summary>Loads models and data and makes the run folder.</summary>
    /// <param name="reading">A recipe without errors.</param>
    /// <param name="folder">The run folder, which must not hold a run.</param>
    /// <param name="time">Source of time stamps.</param>
    /// <exception cref="OpdException">The first thing that is wrong with models, data, device or folder; nothing has been written then.</exception>
    public static DistillationSession Open(RecipeReading reading, string folder, TimeProvider time)
    {
        RunInputs inputs = RunInputs.Of(reading);
        DistillationSession session = Load(reading, () =>
        {
            RunFolder made = RunFolder.Create(folder);
            return (made, RunLock.Take(made.Path));
        }, time);
        return session.Prepare(() => session.WriteHeader(reading, inputs));
    }

    /// <summary>
    /// Loads the models and data of a run that ended before its last step, and goes on from its newest whole checkpoint: with
    /// the same inputs on the same processor the result is that of a run that was never interrupted, bit for bit.
    /// </summary>
    /// <param name="folder">The run folder. Its lines go back to the checkpoint; what follows is done again, and moves to <c>superseded</c>.</param>
    /// <param name="changed">What to do when an input is not what it was.</param>
    /// <param name="time">Source of time stamps.</param>
    /// <exception cref="OpdException">OPD3004, OPD3006, OPD3011, OPD3012 and what <see cref="Open"/> refuses; the folder is unchanged then.</exception>
    public static DistillationSession Resume(string folder, ChangedInputs changed, TimeProvider time)
    {
        RunFolder run = RunFolder.Continue(folder);
        RunLock held = RunLock.Take(run.Path);
        try
        {
            ResumePlan plan = ResumePlan.Read(run, changed);
            DistillationSession session = Load(plan.Reading, () => (run, held), time);
            return session.Prepare(() => session.GoBackTo(plan));
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static DistillationSession Load(RecipeReading reading, Func<(RunFolder, RunLock)> folder, TimeProvider time)
    {
        LoadedRecipe loaded = LoadedRecipe.Load(reading);
        try
        {
            return new DistillationSession(loaded, folder, reading.Folder, time);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    // What still writes into the folder before the first step; a session that cannot begin gives everything back.
    private DistillationSession Prepare(Action write)
    {
        try
        {
            write();
            return this;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How the run ended: the event that was written last; null while it goes on.</summary>
    public string? Ending { get; private set; }

    /// <summary>
    /// Runs to the end, or to the first step after <see cref="RequestStop"/>; a failure is recorded in the run folder before
    /// it is thrown.
    /// </summary>
    /// <param name="cancel">Aborts between tokens: nothing is saved.</param>
    public IEnumerable<StepReport> Run(CancellationToken cancel)
    {
        var loop = new DistillationLoop(_recipe, _student, _signal, _objective, _stabilizers, _sampler, _rewards, _evaluator, _pretraining, _acceleration, _recorder);
        using IEnumerator<StepReport> steps = loop.Run(cancel).GetEnumerator();
        while (Recorded(() => Advance(steps)))
        {
            _step = steps.Current.Step;
            yield return steps.Current;
            if (Recorded(EndsHere)) yield break;
        }
    }

    /// <summary>Asks, from any thread, for a checkpoint as soon as the current step is done; the run goes on.</summary>
    public void RequestSave() => _saveRequested = true;

    /// <summary>Asks, from any thread, for a checkpoint and the end of the run as soon as the current step is done.</summary>
    public void RequestStop(StopKind kind) => _stopRequested = new StopRequest(kind);

    /// <summary>Writes a checkpoint of the last step, now. Only between two steps, on the thread that runs them.</summary>
    /// <exception cref="OpdException">OPD3003: the disk refuses; that is recorded, and the run is over.</exception>
    public void SaveNow() => Recorded(() =>
    {
        _recorder.Checkpoint(_step);
        _recorder.Settle();
        return true;
    });

    /// <summary>Waits until everything of the steps so far is in the run folder. Only between two steps, on the thread that runs them.</summary>
    /// <exception cref="OpdException">OPD3003: the disk refuses; that is recorded, and the run is over.</exception>
    public void Settle() => Recorded(() =>
    {
        _recorder.Settle();
        return true;
    });

    private bool Advance(IEnumerator<StepReport> steps)
    {
        if (steps.MoveNext()) return true;
        _recorder.WriteAnswers();
        _recorder.Settle();
        End("finished", null, null);
        return false;
    }

    private bool EndsHere()
    {
        StopRequest? stop = _step < _recipe.Steps ? _stopRequested : null; // after the last step there is nothing to stop
        if (_saveRequested || stop is not null) _recorder.Checkpoint(_step);
        _saveRequested = false;
        if (stop is null) return false;
        _recorder.Settle();
        End(stop.Kind == StopKind.Pause ? "paused" : "stopped", null, "Saved; it can be resumed.");
        return true;
    }

    private bool Recorded(Func<bool> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure)
        {
            OpdException? known = failure as OpdException ?? MemoryFailure.Explain(failure);
            try
            {
                if (failure is OperationCanceledException) End("stopped", null, "Aborted; steps after the last checkpoint are done again when it is resumed.");
                else End("failed", known?.Code, (known ?? failure).Message);
            }
            catch (OpdException) when (failure is not OperationCanceledException)
            {
                // The disk that made the run fail cannot take the news either: the first failure is the one to tell.
            }
            if (known is not null && known != failure) throw known;
            throw;
        }
    }

    private void End(string name, string? code, string? message)
    {
        if (Ending is not null) return; // a failure while saving is told once
        Ending = name;
        _recorder.Quiesce(); // this line is the last
        _folder.Append(new RunEvent { Time = _time.GetUtcNow(), Event = name, Step = _recorder.WrittenStep, Code = code, Message = message });
        _folder.FlushToDisk();
    }

    /// <summary>The outcome so far.</summary>
    /// <param name="report">The page that shows the run.</param>
    public RunSummary Summary(string report) => new()
    {
        Report = report,
        RunId = Path.GetFileName(_folder.Path),
        Folder = _folder.Path,
        Ending = Ending ?? "running",
        Steps = _step,
        Before = Score(_recorder.FirstEvaluation),
        After = Score(_recorder.LastEvaluation),
        WallSeconds = _recorder.ActiveSeconds,
        Tokens = _recorder.TotalTokens,
    };

    private static EvaluationScore? Score(EvaluationResult? result) => result is null ? null : new(result.Accuracy, result.Correct.Count);

    private void WriteHeader(RecipeReading reading, RunInputs inputs)
    {
        DateTimeOffset now = _time.GetUtcNow();
        ResolvedRecipe resolved = RecipeResolver.Resolve(reading with { Recipe = _recipe });
        var run = new RunInfo
        {
            Id = Path.GetFileName(_folder.Path),
            Started = now,
            Version = Version,
            Device = _student.Decoder.Device.ToString(),
            StudentParameters = _student.Decoder.Config.ParameterCount,
            TeacherParameters = _judge?.Parameters,
            DataHashes = inputs.Data,
            ModelFingerprints = inputs.Models,
            RecipeFolder = reading.Folder,
            Origins = resolved.Origins,
        };
        _folder.WriteRecipe(resolved.Json, run);
        _folder.WriteLabels(MetricLabels.For(_objective, _stabilizers.Pipeline));
        _folder.Append(new RunEvent { Time = now, Event = "started" });
    }

    private void GoBackTo(ResumePlan plan)
    {
        _folder.GoBackTo(plan);
        _folder.WriteLabels(MetricLabels.For(_objective, _stabilizers.Pipeline));
        foreach ((int step, string problem) in plan.Damaged)
            _folder.Append(new RunEvent { Time = _time.GetUtcNow(), Event = "damaged", Step = step, Code = ErrorCodes.CheckpointInvalid, Message = $"checkpoint-{step} is not used: {problem}." });
        string device = _student.Decoder.Device.ToString();
        IEnumerable<string> notes =
        [
            plan.Step is int from ? $"From checkpoint-{from}." : "From the beginning: there is no whole checkpoint.",
            .. plan.Changes,
            .. plan.Info.Device is string before && before != device ? [$"It computed on {before} before and computes on {device} now, which rounds differently."] : Array.Empty<string>(),
            .. plan.Info.Version is string old && old != Version ? [$"OpdCode {old} began it, {Version} goes on."] : Array.Empty<string>(),
        ];
        _recorder.ResumeFrom(plan.Checkpoint, plan.Progress);
        _step = plan.Step ?? 0;
        _folder.Append(new RunEvent { Time = _time.GetUtcNow(), Event = "resumed", Step = _step, Message = string.Join(' ', notes) });
    }

    private static string? Version => typeof(DistillationSession).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    /// <inheritdoc />
    public void Dispose()
    {
        _recorder.Dispose(); // before what it writes
        _prompts.Dispose();
        _student.Dispose();
        _signal.Dispose();
        _acceleration?.Dispose();
        _lock.Dispose();
    }

    private sealed record StopRequest(StopKind Kind);
}
