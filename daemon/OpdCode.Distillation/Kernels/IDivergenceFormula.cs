using OpdCode.Models.Vectors;

namespace OpdCode.Distillation.Kernels;

/// <summary>
/// A divergence Σ_v term_v outcome by outcome, with its slope d D / d log S_v, for some outcomes at once. A struct, so
/// that the compiler makes one tight loop of it and the row around it. Outcomes without any mass (S = T = 0, logarithms
/// at the floor) must give 0 and 0: rows are filled up with them.
/// </summary>
internal interface IDivergenceFormula
{
    /// <summary>The summands and slopes of a register of outcomes.</summary>
    /// <param name="logS">log S ≥ <see cref="RowStatistics.LogFloor"/>.</param>
    /// <param name="s">S.</param>
    /// <param name="logT">log T ≥ <see cref="RowStatistics.LogFloor"/>.</param>
    /// <param name="t">T.</param>
    /// <param name="term">The summands.</param>
    /// <param name="slope">Their slopes, up to a multiple of S, which has no part in the gradient on logits.</param>
    void At<T>(T logS, T s, T logT, T t, out T term, out T slope) where T : struct, ILane<T>;
}
