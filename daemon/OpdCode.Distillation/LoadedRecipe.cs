using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Signals;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Models;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation;

/// <summary>A recipe with its models on the device, the student ready to be trained; nothing of a run has begun.</summary>
/// <param name="Recipe">With absolute paths.</param>
/// <param name="Student">What is trained, its adapter attached.</param>
/// <param name="Judge">What judges the student's texts; null when nothing does.</param>
/// <param name="Objective">What is optimised, the losses of stabilizers included.</param>
/// <param name="Stabilizers">In the order of the recipe.</param>
internal sealed record LoadedRecipe(Recipe Recipe, LanguageModel Student, IJudge? Judge, IObjective Objective, StabilizerPipeline Stabilizers) : IDisposable
{
    /// <summary>Loads the models of a recipe and makes what its settings name.</summary>
    /// <param name="reading">A recipe without errors.</param>
    /// <exception cref="OpdException">The first thing that is wrong with models or device, or that settings say against each other.</exception>
    public static LoadedRecipe Load(RecipeReading reading)
    {
        Recipe recipe = Located(reading);
        torch.Device device = ComputeDevice.Resolve(recipe.Device);
        StabilizerPipeline stabilizers = StabilizerFactory.Create(recipe.Stabilizers, recipe.Objective, recipe.Seed);
        IObjective objective = stabilizers.WithTerms(ObjectiveFactory.Create(recipe));
        if (recipe.Objective is GroupRewardObjectiveRecipe { ScaleRewards: "batch" } && recipe.Optimizer.MicroBatch > 0)
        {
            throw new OpdException(ErrorCodes.ObjectiveInvalid,
                $"objective.scaleRewards is \"batch\", which compares all rewards of a step, but optimizer.microBatch is {recipe.Optimizer.MicroBatch}, which shows the objective a part of them at a time. Set microBatch to 0 or scaleRewards to \"group\".");
        }
        LanguageModel student = recipe.Student.FromScratch
            ? LanguageModel.FromScratch(recipe.Student.Model, device, recipe.Seed, MemoryType.Of(recipe.Student.Type))
            : LanguageModel.Load(recipe.Student.Model, device, MemoryType.Of(recipe.Student.Type));
        IJudge? judge = null;
        try
        {
            if (recipe.Student.Lora is not null && student.Decoder.Adapter is not null)
            {
                throw new OpdException(ErrorCodes.AdapterInvalid,
                    $"student.model {recipe.Student.Model} is an adapter, which is trained on as it is, and student.lora asks for another. Remove student.lora, or name the base model.");
            }
            if (recipe.Student.Lora is LoraRecipe lora) student.Decoder.Adapter = Adapt(student, lora, recipe.Seed, device);
            if ((objective.NeedsTeacher || stabilizers.NeedsTeacher) && recipe.Signal is null)
                throw new OpdException(ErrorCodes.RecipeInvalid, "The objective or a stabilizer compares the student with a teacher, but the recipe has no signal. Add \"signal\": {\"kind\": \"teacher\", \"model\": \"…\"}.");
            judge = SignalFactory.CreateJudge(recipe, student);
            student.Decoder.Trained.EnableTraining();
            student.Decoder.RecomputesBlocks = recipe.Optimizer.ActivationCheckpointing;
            return new LoadedRecipe(recipe, student, judge, objective, stabilizers);
        }
        catch
        {
            student.Dispose();
            judge?.Dispose();
            throw;
        }
    }

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
            Pretraining = recipe.Pretraining is { } pretraining ? pretraining with { Data = reading.FullPath(pretraining.Data) } : null,
            Evaluate = recipe.Evaluate is null ? null : recipe.Evaluate with { Data = recipe.Evaluate.Data is { } data ? reading.FullPath(data) : null },
        };
    }

    private static SignalRecipe? Located(SignalRecipe? signal, RecipeReading reading)
    {
        if (signal is TeacherSignalRecipe teacher) signal = teacher with { Model = reading.FullPath(teacher.Model) };
        return signal?.Extrapolation?.Base is { } from ? signal with { Extrapolation = signal.Extrapolation with { Base = reading.FullPath(from) } } : signal;
    }

    /// <summary>Gives the models back.</summary>
    public void Dispose()
    {
        Student.Dispose();
        Judge?.Dispose();
    }
}
