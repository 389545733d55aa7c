namespace OpdCode.Daemon.Rollouts;

/// <summary>A column of one rollout gathered over its trained tokens; NaN where there is no number.</summary>
internal readonly record struct ColumnFigures(double Mean, double Least, double Greatest, double Sum)
{
    /// <summary>Gathers.</summary>
    public static ColumnFigures Of(ReadOnlySpan<float> values, RolloutLine rollout)
    {
        double sum = 0, least = double.PositiveInfinity, greatest = double.NegativeInfinity;
        int count = 0;
        ReadOnlySpan<float> mask = rollout.Mask;
        for (int t = 0; t < values.Length; t++)
        {
            if (!float.IsFinite(values[t]) || (!mask.IsEmpty && mask[t] == 0)) continue;
            sum += values[t];
            least = Math.Min(least, values[t]);
            greatest = Math.Max(greatest, values[t]);
            count++;
        }
        return count == 0 ? new(double.NaN, double.NaN, double.NaN, double.NaN) : new(sum / count, least, greatest, sum);
    }

    /// <summary>Figures that were written with <see cref="Write"/>.</summary>
    public static ColumnFigures Read(BinaryReader reader) => new(reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());

    /// <summary>Writes them.</summary>
    public void Write(BinaryWriter writer)
    {
        writer.Write(Mean);
        writer.Write(Least);
        writer.Write(Greatest);
        writer.Write(Sum);
    }

    /// <summary>One of the figures: <c>mean</c>, <c>min</c>, <c>max</c> or <c>sum</c>; null for another name.</summary>
    public double? Find(string name) => name switch
    {
        "mean" => Mean,
        "min" => Least,
        "max" => Greatest,
        "sum" => Sum,
        _ => null,
    };
}
