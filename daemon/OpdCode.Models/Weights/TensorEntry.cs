namespace OpdCode.Models.Weights;

/// <summary>Where one tensor lies in a weight file. Checked against the file when the file is opened.</summary>
/// <param name="Name">The tensor's name, for example model.layers.0.self_attn.q_proj.weight.</param>
/// <param name="Type">How the elements are stored; <see cref="WeightType.Other"/> cannot be read as a weight.</param>
/// <param name="Shape">Sizes of the axes, outermost first; empty for a scalar. Each is zero or more.</param>
/// <param name="Offset">First byte, counted from the beginning of the file. Not necessarily aligned.</param>
/// <param name="ByteCount">Length in bytes: number of elements times their size.</param>
public sealed record TensorEntry(string Name, WeightType Type, long[] Shape, long Offset, long ByteCount)
{
    /// <summary>The type as the file spells it, for example BF16 or I64.</summary>
    public required string StoredType { get; init; }

    /// <summary>The product of <see cref="Shape"/>; 1 for a scalar.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, size) => product * size);
}
