using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>What each row's loss is multiplied by: its weight over the normalizer of the whole optimizer step.</summary>
internal static class RowCoefficients
{
    /// <summary>Coefficients c_n, shape [N], such that the loss is Σ c_n · loss_n; summed over micro-batches they never depend on the split.</summary>
    /// <exception cref="OpdException">OPD1304 when sequences are to weigh the same and their count over the step is not given.</exception>
    public static torch.Tensor For(TokenRows rows, LossNormalization normalize, torch.ScalarType type)
    {
        torch.Tensor weights_N = rows.Weights_N.detach().to(type);
        switch (normalize)
        {
            case LossNormalization.Tokens:
                return weights_N / rows.Normalizer;
            case LossNormalization.Sum:
                return weights_N;
            default:
                double sequences = rows.SequenceNormalizer ?? throw new OpdException(ErrorCodes.ObjectiveInputMissing,
                    "normalize \"sequences\" needs the number of sequences of the whole step, and these rows do not carry it. Use \"tokens\".");
                torch.Tensor total_N = SequenceSums_N(torch.ones_like(weights_N), rows.Sequence_N);
                return weights_N / (total_N * sequences);
        }
    }

    /// <summary>For each row, the sum of <paramref name="x_N"/> over the row's sequence, shape [N].</summary>
    public static torch.Tensor SequenceSums_N(torch.Tensor x_N, torch.Tensor sequence_N)
    {
        if (x_N.shape[0] == 0) return x_N.clone();
        long count = sequence_N.max().ToInt64() + 1;
        torch.Tensor sum_B = torch.zeros(count, dtype: x_N.dtype, device: x_N.device).index_add(0, sequence_N, x_N, 1);
        return sum_B.index_select(0, sequence_N);
    }
}
