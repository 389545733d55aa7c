using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Distillation.Kernels;

/// <summary>The k largest numbers of each row: one look at every number, where libtorch's topk copies and sorts whole rows.</summary>
internal static unsafe class TopTokens
{
    // Every number that is kept is moved into its place; for many of them libtorch's way is the better one.
    private const int MostKept = 128;

    /// <summary>Ids of the k largest of each row, largest first, of equal ones the first (on other devices and types: as libtorch has it).</summary>
    /// <param name="values_RV">The numbers.</param>
    /// <param name="k">0 to V.</param>
    /// <returns>int64, shape [R, k].</returns>
    public static torch.Tensor Ids_RK(torch.Tensor values_RV, int k)
    {
        if (k is 0 or > MostKept || IRowKernels.Best is not { } kernels || !ProcessorMemory.Reaches(values_RV)) return values_RV.topk(k, 1).indexes;
        long rows = values_RV.shape[0], columns = values_RV.shape[1];
        torch.Tensor ids_RK = torch.empty(rows, k, dtype: torch.ScalarType.Int64);
        float* values = ProcessorMemory.Of<float>(values_RV);
        long* ids = ProcessorMemory.Of<long>(ids_RK);
        ProcessorMemory.Parallel(rows, columns, (first, end) =>
        {
            for (long r = first; r < end; r++) kernels.Largest(values + r * columns, columns, k, ids + r * k);
        });
        return ids_RK;
    }
}
