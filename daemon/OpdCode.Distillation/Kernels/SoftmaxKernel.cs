using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Distillation.Kernels;

/// <summary>Log-probabilities, probabilities and entropy of rows of logits in two passes over memory. As tensor operations the same takes twelve.</summary>
internal static unsafe class SoftmaxKernel
{
    /// <summary>Whether the kernel may work on these tensors.</summary>
    public static bool Reaches(torch.Tensor log_RV) => IRowKernels.Best is not null && ProcessorMemory.Reaches(log_RV);

    /// <summary>Fills all rows.</summary>
    /// <param name="logits_RV">Logits, float32 without gaps; may be <paramref name="log_RV"/>.</param>
    /// <param name="temperature">What divides them.</param>
    /// <param name="log_RV">Filled with log-probabilities.</param>
    /// <param name="probability_RV">Filled with the probabilities.</param>
    /// <param name="entropy_R">Filled with −Σ p·log p, nats.</param>
    public static void Fill(torch.Tensor logits_RV, double temperature, torch.Tensor log_RV, torch.Tensor probability_RV, torch.Tensor entropy_R)
    {
        IRowKernels kernels = IRowKernels.Best!;
        long rows = log_RV.shape[0], columns = log_RV.shape[1];
        float* logits = ProcessorMemory.Of<float>(logits_RV), log = ProcessorMemory.Of<float>(log_RV);
        float* probability = ProcessorMemory.Of<float>(probability_RV), entropy = ProcessorMemory.Of<float>(entropy_R);
        ProcessorMemory.Parallel(rows, columns, (first, end) =>
        {
            for (long r = first, at = first * columns; r < end; r++, at += columns)
            {
                RowStatistics statistics = kernels.Statistics(logits + at, columns, (float)(1 / temperature));
                kernels.Distribution(logits + at, columns, statistics, log + at, probability + at);
                entropy[r] = (float)statistics.Entropy;
            }
        });
    }
}
