namespace OpdCode.Models.Weights;

#pragma warning disable CA1720 // the type names are the names of the field: float32, float16

/// <summary>How the elements of a tensor are stored in a weight file.</summary>
public enum WeightType
{
    /// <summary>32-bit IEEE 754, "F32" in the file.</summary>
    Float32,

    /// <summary>16-bit IEEE 754, "F16" in the file.</summary>
    Float16,

    /// <summary>The upper half of a 32-bit float, "BF16" in the file.</summary>
    BFloat16,

    /// <summary>Anything else the format knows (integers, F64, F8, ...): listed, but not readable as a weight.</summary>
    Other,
}
