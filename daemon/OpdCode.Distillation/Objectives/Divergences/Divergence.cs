using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// A divergence D(T, S) = Σ_v term_v between teacher T and student S at one state, in nats unless the class says
/// otherwise, ≥ 0, and 0 only where T = S.
/// </summary>
/// <remarks>
/// A class gives <see cref="Terms"/>: the summands and their slopes d D / d log S_v. The gradient on the student's
/// logits z follows for all of them: d D / d z = slope − S · Σ slope, because log S = z − logsumexp(z).
/// A class overrides <see cref="Evaluate"/> and <see cref="TryFill"/> only to save passes over memory.
/// </remarks>
internal abstract class Divergence : IDivergence
{
    /// <inheritdoc/>
    public abstract string Formula { get; }

    /// <inheritdoc/>
    public bool NeedsTeacher => true;

    /// <summary>The summands term_v and slopes d D / d log S_v, each of shape [R, V]; may overwrite the pair's tensors.</summary>
    public abstract (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair);

    /// <inheritdoc/>
    public virtual RowLossResult Evaluate(DistributionPair pair, bool withGradient)
    {
        torch.Tensor student_RV = pair.Scratch().copy_(pair.Student_RV); // Terms may overwrite the original
        (torch.Tensor term_RV, torch.Tensor slope_RV) = Terms(pair);
        torch.Tensor value_R = term_RV.sum(1).clamp_min_(0);
        return new RowLossResult(value_R, withGradient ? OntoLogits(slope_RV, student_RV) : null);
    }

    /// <inheritdoc/>
    public virtual bool TryFill(LogitChunk chunk) => false;

    private protected static bool Fill<TFormula>(TFormula formula, LogitChunk chunk) where TFormula : struct, IDivergenceFormula
    {
        chunk.Fill(formula);
        return true;
    }

    /// <summary>slope − S · Σ slope, in place of both arguments.</summary>
    protected static torch.Tensor OntoLogits(torch.Tensor slope_RV, torch.Tensor student_RV) =>
        slope_RV.sub_(student_RV.mul_(slope_RV.sum(1, keepdim: true)));

    /// <summary>
    /// Σ b − Σ a, 0 up to rounding. Added to Σ a·log(a/b) it makes the sum ≥ 0 for any two positive vectors, so that the
    /// rounding of the two normalisations does not show; what is left below 0 is the rounding of exp (about 1e-7 in
    /// float32), and is cut off, because a full divergence has no negative values.
    /// </summary>
    protected static torch.Tensor MassDifference_R(torch.Tensor b_RV, torch.Tensor a_RV) => b_RV.sum(1).sub_(a_RV.sum(1));

    /// <summary>The largest exponent whose exp is finite with room to multiply: ratios above it count as this.</summary>
    protected static double LargestExponent(torch.Tensor tensor) => tensor.dtype == torch.ScalarType.Float64 ? 600 : 80;

    /// <summary>weight · (x − Σ weight · x) of each row, with the row sum: the shape that the gradients of all KL-like terms share.</summary>
    protected static (torch.Tensor Sum_R, torch.Tensor Centred_RV) Centre(DistributionPair pair, torch.Tensor weight_RV, torch.Tensor x_RV, bool withGradient)
    {
        torch.Tensor sum_R = pair.Dot_R(weight_RV, x_RV);
        return (sum_R, withGradient ? x_RV.sub_(sum_R.unsqueeze(1)).mul_(weight_RV) : x_RV);
    }
}
