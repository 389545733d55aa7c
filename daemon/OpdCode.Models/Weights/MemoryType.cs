using TorchSharp;

namespace OpdCode.Models.Weights;

/// <summary>Turns the type that a recipe names into libtorch's.</summary>
public static class MemoryType
{
    /// <summary>The type of weights in memory.</summary>
    /// <param name="type">float32 or bfloat16.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another name.</exception>
    public static torch.ScalarType Of(string type) => type switch
    {
        "float32" => torch.ScalarType.Float32,
        "bfloat16" => torch.ScalarType.BFloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "expected float32 or bfloat16"),
    };
}
