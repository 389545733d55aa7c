using System.Numerics;
using System.Runtime.CompilerServices;

namespace OpdCode.Distillation.Kernels;

/// <summary>
/// The sum of very many float32 numbers: lanes in float32 for a few hundred terms each, then added in double precision,
/// so that the error stays at the rounding of a term whatever the vocabulary.
/// </summary>
internal struct DoubleSum
{
    private const int TermsPerLane = 256;

    private Vector<float> _lanes;
    private double _sum;
    private int _terms;

    /// <summary>The sum so far.</summary>
    public readonly double Value => _sum + Total(_lanes);

    /// <summary>Adds a term for each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector<float> terms)
    {
        _lanes += terms;
        if (++_terms == TermsPerLane) Flush();
    }

    /// <summary>Adds one term.</summary>
    public void Add(float term) => _sum += term;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Flush()
    {
        _sum += Total(_lanes);
        _lanes = Vector<float>.Zero;
        _terms = 0;
    }

    private static double Total(Vector<float> lanes)
    {
        double sum = 0;
        for (int lane = 0; lane < Vector<float>.Count; lane++) sum += lanes[lane];
        return sum;
    }
}
