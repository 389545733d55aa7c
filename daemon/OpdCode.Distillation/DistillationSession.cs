using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Distillation.Evaluation;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rewards;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation;

/// <summary>A recipe with its models and data loaded and its run folder made: everything that can be refused has been refused before the first step.</summary>
public sealed class DistillationSession : IDisposable
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Recipe _recipe;
    private readonly LanguageModel _student;
    private readonly ITokenSignal _signal;
    private readonly IJudge? _judge;
    private readonly WeightExtrapolation? _acceleration;
    private readonly Evaluator? _evaluator;
    private readonly StudentSampler _sampler;
    private readonly RolloutRewards _rewards;
    private readonly IObjective _objective;
    private readonly RunFolder _folder;
    private readonly RunRecorder _recorder;
    private readonly TimeProvider _time;
    private int _step;

    private DistillationSession(Recipe recipe, LanguageModel student, IJudge? judge, IObjective objective, string folder, string recipeFolder, TimeProvider time)
    {
        (_recipe, _student, _judge, _objective, _time) = (recipe, student, judge, objective, time);
        int longest = recipe.Rollout.MaxNewTokens;
        PromptSource prompts = PromptSource.Open(recipe.Data, student, longest, recipe.Seed);
        if (recipe.Evaluate is EvaluateRecipe evaluate)
            _evaluator = new Evaluator(evaluate, evaluate.Data ?? recipe.Data.Train, PromptEncoder.ReadHeldOut(evaluate, recipe.Data, student, longest), longest);
        _signal = SignalFactory.Create(recipe, judge, student, prompts, recipeFolder);
        _sampler = new StudentSampler(student, prompts, recipe);
        _rewards = new RolloutRewards(recipe, recipeFolder, student);
        if (recipe.Acceleration is ExtrapolateAccelerationRecipe acceleration)
        {
            var score = new TrainingScore(recipe, acceleration.ValidationPrompts, student, prompts, _rewards, _signal);
            _acceleration = new WeightExtrapolation(student.Decoder.Trained, acceleration, score.Of);
        }
        _folder = RunFolder.Create(folder);
        _recorder = new RunRecorder(recipe, _folder, student, _evaluator, time);
    }

    /// <summary>The recipe with every default filled and absolute paths.</summary>
    public Recipe Recipe => _recipe;

    /// <summary>Full path of the run folder.</summary>
    public string Folder => _folder.Path;

    /// <summary>What the method carries from step to step, for checkpoints.</summary>
    internal IReadOnlyList<IMethodState> MethodStates => _acceleration is null ? _signal.States : [.. _signal.States, _acceleration];

    /// <summary>What the objective's number is: name, direction, support, sign, unit.</summary>
    public string ObjectiveLabel => _objective.Label;

    /// <summary>Loads models and data and makes the run folder.</summary>
    /// <param name="reading">A recipe without errors.</param>
    /// <param name="folder">The run folder, which must not hold a run.</param>
    /// <param name="time">Source of time stamps.</param>
    /// <exception cref="OpdException">The first thing that is wrong with models, data, device or folder; nothing has been written then.</exception>
    public static DistillationSession Open(RecipeReading reading, string folder, TimeProvider time)
    {
        Recipe recipe = Located(reading);
        torch.Device device = ComputeDevice.Resolve(recipe.Device);
        IObjective objective = ObjectiveFactory.Create(recipe.Objective);
        if (recipe.Objective is GroupRewardObjectiveRecipe { ScaleRewards: "batch" } && recipe.Optimizer.MicroBatch > 0)
        {
            throw new OpdException(ErrorCodes.ObjectiveInvalid,
                $"objective.scaleRewards is \"batch\", which compares all rewards of a step, but optimizer.microBatch is {recipe.Optimizer.MicroBatch}, which shows the objective a part of them at a time. Set microBatch to 0 or scaleRewards to \"group\".");
        }
        LanguageModel student = recipe.Student.FromScratch
            ? LanguageModel.FromScratch(recipe.Student.Model, device, recipe.Seed)
            : LanguageModel.Load(recipe.Student.Model, device);
        IJudge? judge = null;
        try
        {
            if (recipe.Student.Lora is not null && student.Decoder.Adapter is not null)
            {
                throw new OpdException(ErrorCodes.AdapterInvalid,
                    $"student.model {recipe.Student.Model} is an adapter, which is trained on as it is, and student.lora asks for another. Remove student.lora, or name the base model.");
            }
            if (recipe.Student.Lora is LoraRecipe lora) student.Decoder.Adapter = Adapt(student, lora, recipe.Seed, device);
            if (objective.NeedsTeacher && recipe.Signal is null)
                throw new OpdException(ErrorCodes.RecipeInvalid, "The objective compares the student with a teacher, but the recipe has no signal. Add \"signal\": {\"kind\": \"teacher\", \"model\": \"…\"}.");
            judge = SignalFactory.CreateJudge(recipe, student);
            student.Decoder.Trained.EnableTraining();
            var session = new DistillationSession(recipe, student, judge, objective, folder, reading.Folder, time);
            session.WriteHeader(device);
            return session;
        }
        catch
        {
            student.Dispose();
            judge?.Dispose();
            throw;
        }
    }

    /// <summary>Runs to the end; a failure is recorded in the run folder before it is thrown.</summary>
    public IEnumerable<StepReport> Run(CancellationToken cancel)
    {
        var loop = new DistillationLoop(_recipe, _student, _signal, _objective, _sampler, _rewards, _evaluator, _acceleration, _recorder);
        using IEnumerator<StepReport> steps = loop.Run(cancel).GetEnumerator();
        while (Advance(steps))
        {
            _step = steps.Current.Step;
            yield return steps.Current;
        }
    }

    private bool Advance(IEnumerator<StepReport> steps)
    {
        try
        {
            if (steps.MoveNext()) return true;
            _recorder.WriteAnswers();
            _folder.Append(new RunEvent { Time = _time.GetUtcNow(), Event = "finished", Step = _step });
            return false;
        }
        catch (Exception failure)
        {
            string name = failure is OperationCanceledException ? "stopped" : "failed";
            try
            {
                _folder.Append(new RunEvent { Time = _time.GetUtcNow(), Event = name, Step = _step, Message = failure.Message });
            }
            catch (OpdException) when (failure is not OperationCanceledException)
            {
                // The disk that made the run fail cannot take the news either: the first failure is the one to tell.
            }
            throw;
        }
    }

    /// <summary>The outcome so far.</summary>
    /// <param name="report">The page that shows the run.</param>
    public RunSummary Summary(string report) => new()
    {
        Report = report,
        RunId = Path.GetFileName(_folder.Path),
        Folder = _folder.Path,
        Steps = _step,
        Before = Score(_recorder.FirstEvaluation),
        After = Score(_recorder.LastEvaluation),
        WallSeconds = _clock.Elapsed.TotalSeconds,
        Tokens = _recorder.TotalTokens,
    };

    private static EvaluationScore? Score(EvaluationResult? result) => result is null ? null : new(result.Accuracy, result.Correct.Count);

    private static LowRankAdapter Adapt(LanguageModel student, LoraRecipe lora, long seed, torch.Device device)
    {
        var modules = student.Decoder.Weights.Named
            .Where(p => p.Value.dim() == 2 && p.Key.StartsWith("model.layers.", StringComparison.Ordinal))
            .Select(p => (Path: p.Key[..^".weight".Length], Outputs: p.Value.shape[0], Inputs: p.Value.shape[1]))
            .Where(m => lora.TargetModules.Any(t => m.Path == t || m.Path.EndsWith("." + t, StringComparison.Ordinal)))
            .ToArray();
        if (modules.Length == 0)
        {
            throw new OpdException(ErrorCodes.AdapterInvalid,
                $"student.lora.targetModules [{string.Join(", ", lora.TargetModules)}] names no linear layer of the model. Known: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj.");
        }
        return new LowRankAdapter(modules, lora.R, lora.Rslora ? lora.Alpha / Math.Sqrt(lora.R) : lora.Alpha / lora.R, seed, device);
    }

    private static Recipe Located(RecipeReading reading)
    {
        Recipe recipe = reading.Recipe ?? throw new ArgumentException("the recipe has errors", nameof(reading));
        return recipe with
        {
            Student = recipe.Student with { Model = reading.FullPath(recipe.Student.Model) },
            Signal = Located(recipe.Signal, reading),
            Data = recipe.Data with { Train = reading.FullPath(recipe.Data.Train) },
            Evaluate = recipe.Evaluate is null ? null : recipe.Evaluate with { Data = recipe.Evaluate.Data is { } data ? reading.FullPath(data) : null },
        };
    }

    private static SignalRecipe? Located(SignalRecipe? signal, RecipeReading reading)
    {
        if (signal is TeacherSignalRecipe teacher) signal = teacher with { Model = reading.FullPath(teacher.Model) };
        return signal?.Extrapolation?.Base is { } from ? signal with { Extrapolation = signal.Extrapolation with { Base = reading.FullPath(from) } } : signal;
    }

    private void WriteHeader(torch.Device device)
    {
        var hashes = new Dictionary<string, string> { [_recipe.Data.Train] = Hash(_recipe.Data.Train) };
        if (_recipe.Evaluate?.Data is { } heldOut) hashes[heldOut] = Hash(heldOut);
        DateTimeOffset now = _time.GetUtcNow();
        var run = new RunInfo
        {
            Id = Path.GetFileName(_folder.Path),
            Started = now,
            Version = typeof(DistillationSession).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
            Device = device.ToString(),
            StudentParameters = _student.Decoder.Config.ParameterCount,
            TeacherParameters = _judge?.Parameters,
            DataHashes = hashes,
        };
        _folder.WriteRecipe((JsonObject)JsonSerializer.SerializeToNode(_recipe, RunJson.Options)!, run);
        _folder.WriteLabels(MetricLabels.For(_objective));
        _folder.Append(new RunEvent { Time = now, Event = "started" });
    }

    private static string Hash(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return string.Create(CultureInfo.InvariantCulture, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(stream))}");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _student.Dispose();
        _signal.Dispose();
        _acceleration?.Dispose();
    }
}
