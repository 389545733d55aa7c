using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Models.Decoding;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Signals;

/// <summary>
/// The student as its own judge: as the run began (frozen), averaged over the steps (ema), or as it is (live). With LoRA
/// only the adapter exists twice; without, all weights do.
/// </summary>
/// <remarks>
/// ema, after every n-th step: judge ← d·judge + (1 − d)·student over everything that is trained; under LoRA over the
/// factors A and B. Make it before a checkpoint is loaded into the student: what it finds is where the run began.
/// </remarks>
internal sealed class SelfJudge : IJudge, IMethodState
{
    private readonly LanguageModel _student;
    private readonly SelfSignalRecipe _recipe;
    private readonly Decoder _judge;
    private readonly ParameterBuffer? _own; // what exists twice: all weights, or the adapter's; null: nothing does

    /// <summary>Copies what it needs of the student.</summary>
    /// <param name="student">The model in training, with its adapter if it has one.</param>
    /// <param name="recipe">Which weights judge.</param>
    public SelfJudge(LanguageModel student, SelfSignalRecipe recipe)
    {
        (_student, _recipe, _judge) = (student, recipe, student.Decoder);
        if (recipe.Weights == SelfWeights.Live) return;
        if (student.Decoder.Adapter is not { } adapter)
        {
            _judge = new Decoder(student.Decoder.Config, student.Decoder.Device, student.Decoder.Weights.Values_P.dtype);
            Copy(student.Decoder.Weights, _judge.Weights);
        }
        // A fresh adapter adds exactly nothing: the start is the base.
        else _judge = student.Decoder.With(recipe.Weights == SelfWeights.Frozen && adapter.IsZero ? null : adapter.Copy());
        if (_judge.Adapter is not null || student.Decoder.Adapter is null) _own = _judge.Trained;
    }

    /// <inheritdoc />
    public string Name => _recipe.Weights switch
    {
        SelfWeights.Live => $"the student itself ({_student.Folder})",
        SelfWeights.Ema => $"the student's moving average ({_student.Folder})",
        _ => $"the student as the run began ({_student.Folder})",
    };

    /// <inheritdoc />
    public int ContextLimit => _student.Decoder.Config.ContextLimit;

    /// <inheritdoc />
    public long? Parameters => _own?.Values_P.shape[0];

    /// <inheritdoc />
    public torch.Tensor Head_WM => _judge.Head_VD.detach();

    /// <inheritdoc />
    public IMethodState? State => _recipe.Weights == SelfWeights.Ema ? this : null;

    string IMethodState.Name => "signal.ema";

    /// <inheritdoc />
    public T Use<T>(Func<Decoder, T> use)
    {
        using var none = torch.no_grad();
        return use(_judge);
    }

    /// <inheritdoc />
    public void Stepped(int step)
    {
        if (_recipe.Weights != SelfWeights.Ema || step % _recipe.Every != 0) return;
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        _own!.Values_P.mul_(_recipe.Decay).add_(_student.Decoder.Trained.Values_P, alpha: 1 - _recipe.Decay);
    }

    /// <inheritdoc />
    public MethodSnapshot Capture()
    {
        using var none = torch.no_grad();
        return new MethodSnapshot(new Dictionary<string, torch.Tensor> { ["weights"] = _own!.Values_P.detach().DetachFromDisposeScope() }, new Dictionary<string, double>());
    }

    /// <inheritdoc />
    public void Restore(MethodSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        using var none = torch.no_grad();
        if (!snapshot.Tensors.TryGetValue("weights", out torch.Tensor? weights) || weights.shape[0] != _own!.Values_P.shape[0])
            throw new OpdException(ErrorCodes.CheckpointInvalid, "The checkpoint's averaged judge is missing or of another shape than the student. Resume with the recipe that the run was started with.");
        using var scope = torch.NewDisposeScope();
        _own.Values_P.copy_(weights);
    }

    private static void Copy(ParameterBuffer from, ParameterBuffer to)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        to.Values_P.copy_(from.Values_P);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_judge != _student.Decoder) _judge.Dispose();
    }
}
