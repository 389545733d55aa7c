using OpdCode.Distillation.Objectives;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>Small operations on the columns of a step that all stabilizers share.</summary>
internal static class Columns
{
    /// <summary>1 where a row counts, 0 where its weight is 0, in the given type.</summary>
    public static torch.Tensor Counts_N(this TokenRows rows, torch.ScalarType type) => rows.Weights_N.detach().gt(0).to(type);

    /// <summary>The rows with every weight multiplied by a factor; a weight of 0 stays 0 whatever its factor is.</summary>
    public static TokenRows Weighted(this TokenRows rows, torch.Tensor factor_N)
    {
        torch.Tensor weights_N = rows.Weights_N.detach();
        torch.Tensor product_N = weights_N * factor_N.detach().to(weights_N.dtype);
        return rows with { Weights_N = torch.where(weights_N.eq(0), weights_N, product_N) };
    }

    /// <summary>The rows with every weight of some sequences 0.</summary>
    public static TokenRows WithoutSequences(this TokenRows rows, bool[] dropped_B)
    {
        if (Array.TrueForAll(dropped_B, d => !d)) return rows;
        torch.Tensor factor_B = torch.tensor(dropped_B.Select(d => d ? 0f : 1f).ToArray(), device: rows.Sequence_N.device);
        return rows.Weighted(factor_B.index_select(0, rows.Sequence_N));
    }

    /// <summary>The place of each row in its response, from 0.</summary>
    public static int[] Places(this TokenRows rows)
    {
        long[] sequence_N = Longs(rows.Sequence_N);
        int[] place_N = new int[sequence_N.Length];
        for (int n = 1; n < place_N.Length; n++) place_N[n] = sequence_N[n] == sequence_N[n - 1] ? place_N[n - 1] + 1 : 0;
        return place_N;
    }

    /// <summary>How many sequences there are.</summary>
    public static int SequenceCount(this TokenRows rows) =>
        (int)(rows.Rewards_B?.shape[0] ?? rows.Groups_B?.shape[0] ?? (rows.Sequence_N.shape[0] == 0 ? 0 : rows.Sequence_N.max().ToInt64() + 1));

    /// <summary>The sum of a column over each sequence, shape [B].</summary>
    public static torch.Tensor SumPerSequence_B(this TokenRows rows, torch.Tensor x_N) =>
        torch.zeros(rows.SequenceCount(), dtype: x_N.dtype, device: x_N.device).index_add(0, rows.Sequence_N, x_N, 1);

    /// <summary>A column as doubles.</summary>
    public static double[] Doubles(torch.Tensor x_N) => x_N.detach().to(torch.ScalarType.Float64).cpu().contiguous().data<double>().ToArray();

    /// <summary>A column as whole numbers.</summary>
    public static long[] Longs(torch.Tensor x_N) => x_N.to(torch.ScalarType.Int64).cpu().contiguous().data<long>().ToArray();

    /// <summary>Doubles as a column beside another.</summary>
    public static torch.Tensor Beside(double[] values, torch.Tensor like) => torch.tensor(values, dtype: like.dtype, device: like.device);

    /// <summary>A share of some tokens, rounded up to whole tokens, at least one: in decimal, so that 0.07 of 100 are 7 and not 8.</summary>
    public static int WholeTokens(double share, int tokens) => Math.Max(1, (int)Math.Ceiling((decimal)share * tokens));

    /// <summary>
    /// The quantile of the values at rows that count, between the two nearest by straight line, as NumPy and PyTorch do by
    /// default; 0 where none counts.
    /// </summary>
    public static double Quantile(torch.Tensor x_N, torch.Tensor counts_N, double q)
    {
        double[] values = Doubles(x_N), counts = Doubles(counts_N);
        double[] sorted = values.Where((_, n) => counts[n] > 0).Order().ToArray();
        if (sorted.Length == 0) return 0;
        double place = q * (sorted.Length - 1);
        int low = (int)Math.Floor(place), high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
    }
}
