namespace OpdCode.Models.Decoding;

/// <summary>One parameter tensor and the checkpoint tensors that lie in it, stacked along the first axis.</summary>
/// <param name="Shape">Shape of the whole tensor.</param>
/// <param name="Parts">Names in the checkpoint and their rows, in order; a single part is the common case.</param>
/// <param name="Decays">Whether weight decay applies: matrices yes, norms and biases no.</param>
internal sealed record ParameterSpec(long[] Shape, IReadOnlyList<(string Name, long Rows)> Parts, bool Decays)
{
    public static ParameterSpec Matrix(string name, long rows, long columns) => new([rows, columns], [(name, rows)], true);

    public static ParameterSpec Vector(string name, long length) => new([length], [(name, length)], false);

    public long Count => Shape.Aggregate(1L, (product, size) => product * size);
}
