using OpdCode.Models;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Runs.Checkpoints;

/// <summary>
/// The trained weights, exactly: by name from the checkpoint's own model files where those hold every bit (float32, no
/// adapter), else from <c>state/student.safetensors</c>, because rounding and merging cannot be undone.
/// </summary>
internal sealed class StudentState(LanguageModel student) : IMethodState
{
    public string Name => "student";

    /// <summary>Whether the model files of a checkpoint of this type are the weights, bit for bit.</summary>
    public bool IsExactAs(WeightType type) => type == WeightType.Float32 && student.Decoder.Adapter is null;

    // Views: nothing is copied, and disposing of the snapshot leaves the model alone.
    public MethodSnapshot Capture() => new(student.Decoder.Trained.Named.ToDictionary(p => p.Key, p => p.Value.detach().DetachFromDisposeScope(), StringComparer.Ordinal), new Dictionary<string, double>());

    public void Restore(MethodSnapshot snapshot)
    {
        using IDisposable none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach ((string name, torch.Tensor value) in student.Decoder.Trained.Named)
        {
            if (!snapshot.Tensors.TryGetValue(name, out torch.Tensor? stored) || !stored.shape.AsSpan().SequenceEqual(value.shape))
                throw Unfit(name);
            value.copy_(stored);
        }
    }

    /// <summary>Takes the weights from the model files of a checkpoint.</summary>
    public void Load(string checkpoint)
    {
        using IDisposable none = torch.no_grad();
        using ModelWeights weights = ModelWeights.Open(checkpoint);
        foreach ((string name, torch.Tensor value) in student.Decoder.Weights.Named)
        {
            if (!weights.Contains(name)) throw Unfit(name);
            weights.CopyTo(name, value);
        }
    }

    private static OpdException Unfit(string name) => new(ErrorCodes.CheckpointInvalid,
        $"The checkpoint has no tensor '{name}' of the student's shape. It belongs to another model; was the model folder replaced?");
}
