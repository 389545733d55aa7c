using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Decoding;
using OpdCode.Models.Vectors;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Training;

/// <summary>The checks around a step: is there something to learn, is it finite, is it too large.</summary>
public static class GradientCheck
{
    /// <summary>Response tokens of a step: what its loss is divided by.</summary>
    /// <param name="rollouts">What is trained on.</param>
    /// <param name="written">What was written; where the signal judges none of it, the step has a loss and a gradient of zero.</param>
    /// <param name="step">From 1.</param>
    /// <exception cref="OpdException">OPD3002 when there is none.</exception>
    public static long TrainedTokens(IReadOnlyList<Rollout> rollouts, IReadOnlyList<Rollout> written, int step)
    {
        long tokens = rollouts.Sum(r => (long)r.ResponseIds.Length);
        if (rollouts.Count == 0 && written.Count > 0) return 1;
        return tokens > 0 ? tokens : throw new OpdException(ErrorCodes.NoSignal,
            $"Step {step}: none of the {rollouts.Count} responses has a token, so there is nothing to learn from. Check the completions of the data.");
    }

    /// <summary>L2 norm of the whole gradient.</summary>
    /// <exception cref="OpdException">OPD3001 when loss or gradient is not finite; OPD3002 when the first step's gradient is exactly zero although every token is judged.</exception>
    public static double Norm(ParameterBuffer parameters, int step, double loss, bool hasRewards)
    {
        using StepProfile.Span span = StepProfile.Measure("gradient norm");
        double value = Norm(parameters.Gradients_P!);
        if (!double.IsFinite(loss) || !double.IsFinite(value))
        {
            throw new OpdException(ErrorCodes.NotFinite, FormattableString.Invariant(
                $"Step {step}: the loss is {loss} and the gradient norm is {value}. The step was not applied; the weights are those of step {step - 1}. Lower optimizer.learningRate or optimizer.clipNorm, and look at the rollouts of the last recorded step."));
        }
        // Rewards may all be equal in a step: then there is nothing to compare, and that is no mistake.
        if (step == 1 && value == 0 && !hasRewards)
        {
            throw new OpdException(ErrorCodes.NoSignal,
                "Step 1: the gradient is exactly zero, so nothing would be learned. Student and teacher are the same model, or every token is masked.");
        }
        return value;
    }

    private static double Norm(torch.Tensor gradients_P)
    {
        if (ProcessorMemory.Reaches(gradients_P, gradients_P.dtype) && gradients_P.dtype is torch.ScalarType.Float32 or torch.ScalarType.BFloat16)
            return Math.Sqrt(SquareSumKernel.Of(gradients_P));
        using torch.Tensor wide_P = gradients_P.to_type(torch.ScalarType.Float32), norm = wide_P.norm();
        return norm.ToDouble();
    }

    /// <summary>What the gradient is multiplied by so that its norm is at most <paramref name="clipNorm"/>; 1 when it already is, or when clipping is off (0).</summary>
    public static double ClipScale(double norm, double clipNorm) => clipNorm > 0 && norm > clipNorm ? clipNorm / norm : 1;
}
