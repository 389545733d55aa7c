using TorchSharp;

namespace OpdCode.Models.Weights;

/// <summary>The element types of the safetensors format: spelling, size in bits, and the libtorch type of those that are weights.</summary>
internal static class StoredTypes
{
    // Types below 8 bits pack several elements into a byte; a tensor of them must still end on a whole byte.
    private static readonly Dictionary<string, int> s_bits = new(StringComparer.Ordinal)
    {
        ["BOOL"] = 8, ["U8"] = 8, ["I8"] = 8, ["U16"] = 16, ["I16"] = 16, ["U32"] = 32, ["I32"] = 32, ["U64"] = 64, ["I64"] = 64,
        ["F4"] = 4, ["F6_E2M3"] = 6, ["F6_E3M2"] = 6, ["F8_E4M3"] = 8, ["F8_E5M2"] = 8, ["F8_E8M0"] = 8,
        ["F8_E4M3FNUZ"] = 8, ["F8_E5M2FNUZ"] = 8, ["F16"] = 16, ["BF16"] = 16, ["F32"] = 32, ["F64"] = 64, ["C64"] = 64,
    };

    /// <summary>Size of one element in bits; false when the format does not know the type.</summary>
    internal static bool TryGetBits(string storedType, out int bits) => s_bits.TryGetValue(storedType, out bits);

    internal static WeightType Parse(string storedType) => storedType switch
    {
        "F32" => WeightType.Float32,
        "F16" => WeightType.Float16,
        "BF16" => WeightType.BFloat16,
        _ => WeightType.Other,
    };

    internal static string Spelling(WeightType type) => type switch
    {
        WeightType.Float32 => "F32",
        WeightType.Float16 => "F16",
        WeightType.BFloat16 => "BF16",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Only float32, float16 and bfloat16 are written."),
    };

    internal static int Bytes(WeightType type) => type == WeightType.Float32 ? 4 : 2;

    internal static torch.ScalarType Torch(WeightType type) => type switch
    {
        WeightType.Float32 => torch.ScalarType.Float32,
        WeightType.Float16 => torch.ScalarType.Float16,
        WeightType.BFloat16 => torch.ScalarType.BFloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a weight type."),
    };
}
