using OpdCode.Models.Weights;
using TorchSharp;

namespace OpdCode.Distillation.Runs.Checkpoints;

/// <summary>
/// A <see cref="MethodSnapshot"/> as one safetensors file: tensors as <c>tensor/NAME</c> in their own type, numbers as
/// float64 scalars <c>number/NAME</c>; both bit for bit.
/// </summary>
internal static class StateFiles
{
    private const string TensorPrefix = "tensor/";
    private const string NumberPrefix = "number/";

    public static void Write(string path, MethodSnapshot snapshot)
    {
        using var scope = torch.NewDisposeScope();
        var all = new Dictionary<string, torch.Tensor>(StringComparer.Ordinal);
        foreach ((string name, torch.Tensor value) in snapshot.Tensors) all.Add(TensorPrefix + name, value);
        foreach ((string name, double value) in snapshot.Numbers) all.Add(NumberPrefix + name, torch.tensor([value], torch.float64).reshape([]));
        StateTensors.Write(path, all);
    }

    /// <summary>The caller disposes of the snapshot.</summary>
    public static MethodSnapshot Read(string path, torch.Device device)
    {
        var tensors = new Dictionary<string, torch.Tensor>(StringComparer.Ordinal);
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach ((string name, torch.Tensor value) in StateTensors.Read(path, device))
        {
            if (name.StartsWith(TensorPrefix, StringComparison.Ordinal))
            {
                tensors.Add(name[TensorPrefix.Length..], value);
                continue;
            }
            using (value) numbers.Add(name[NumberPrefix.Length..], value.to_type(torch.float64).ToDouble());
        }
        return new MethodSnapshot(tensors, numbers);
    }
}
