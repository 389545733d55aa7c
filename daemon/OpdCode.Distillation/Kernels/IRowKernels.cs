using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using OpdCode.Models.Vectors;

namespace OpdCode.Distillation.Kernels;

/// <summary>
/// Passes over one row of logits on a processor. A row's result depends on the row alone, never on the thread or on the
/// rows beside it. Every method has a twin in tensor operations, which other devices and types use and tests compare with.
/// </summary>
internal unsafe interface IRowKernels
{
    /// <summary>The kernels over the widest registers of this processor; null where it has no fused multiply-add in vectors.</summary>
    static IRowKernels? Best { get; } =
        Vector512.IsHardwareAccelerated ? new RowKernels<Lane512>()
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? new RowKernels<Lane256>()
        : AdvSimd.Arm64.IsSupported ? new RowKernels<Lane128>()
        : null;

    /// <summary>Largest, sum and entropy in one pass over memory.</summary>
    RowStatistics Statistics(float* logits, long count, float scale);

    /// <summary>Fills log-probabilities and probabilities. <paramref name="log"/> may be <paramref name="logits"/>.</summary>
    void Distribution(float* logits, long count, RowStatistics statistics, float* log, float* probability);

    /// <summary>A divergence of two rows of logits: its value in one pass, its gradient on the student's logits/τ in another.</summary>
    /// <param name="formula">Which.</param>
    /// <param name="student">Logits; overwritten with the gradient where it is wanted.</param>
    /// <param name="s">Their statistics.</param>
    /// <param name="teacher">Logits.</param>
    /// <param name="t">Their statistics.</param>
    /// <param name="count">V.</param>
    /// <param name="withGradient">Whether the gradient is wanted.</param>
    /// <returns>Σ term, nats, without any clamping.</returns>
    double Divergence<TFormula>(TFormula formula, float* student, RowStatistics s, float* teacher, RowStatistics t, long count, bool withGradient)
        where TFormula : struct, IDivergenceFormula;

    /// <summary>Places of the k largest numbers of a row, largest first, of equal ones the first. Numbers that are NaN come last.</summary>
    void Largest(float* row, long count, int k, long* places);
}
