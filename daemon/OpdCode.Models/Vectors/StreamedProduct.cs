using OpdCode.Models.Generation.Cpu;
using TorchSharp;

namespace OpdCode.Models.Vectors;

/// <summary>
/// y = x·Wᵀ for a large W and few rows, as a head of a whole vocabulary is used: a panel of W is put into the order in
/// which the product reads it right before all rows pass over it, so no copy of W exists. Several times faster than
/// libtorch's product where its library does not know the processor's widest registers.
/// </summary>
internal static unsafe class StreamedProduct
{
    // Below this many rows putting panels in order costs more than it saves.
    private const int LeastRows = 8;

    /// <summary>Whether it may compute this product: float32 without gaps on a processor with vectors, and enough rows.</summary>
    public static bool Reaches(torch.Tensor x_CK, torch.Tensor weight_VK, torch.Tensor y_CV) =>
        Kernels.Best is not null && x_CK.shape[0] >= LeastRows && x_CK.shape[1] > 0
        && ProcessorMemory.Reaches(x_CK) && ProcessorMemory.Reaches(weight_VK) && ProcessorMemory.Reaches(y_CV);

    /// <summary>Computes it. A row's result does not depend on the rows beside it or on the number of threads.</summary>
    public static void Fill(torch.Tensor x_CK, torch.Tensor weight_VK, torch.Tensor y_CV)
    {
        IKernels kernels = Kernels.Best!;
        int rows = (int)x_CK.shape[0], depth = (int)x_CK.shape[1], outputs = (int)weight_VK.shape[0], width = kernels.PanelWidth, tile = kernels.TileRows;
        int panels = (outputs + width - 1) / width, padded = (rows + tile - 1) / tile * tile;
        float* weight = ProcessorMemory.Of<float>(weight_VK), y = ProcessorMemory.Of<float>(y_CV);
        using NativeFloats x = Padded(x_CK, padded);
        ProcessorMemory.Parallel(panels, (long)width * depth, (first, end) =>
        {
            // Whole tiles go straight to y; what a tile writes beside y's edge goes here first.
            using NativeFloats panel = new((long)width * depth), edge = new((long)padded * width);
            for (int p = (int)first; p < end; p++)
            {
                int columns = Math.Min(width, outputs - p * width), straight = columns == width ? rows / tile * tile : 0;
                PackedMatrix.Pack(weight + (long)p * width * depth, columns, depth, width, panel.Start);
                float* to = y + p * width;
                if (straight > 0) Multiply(kernels, x.Start, straight, panel.Start, depth, to, outputs, next: weight + (p + 1L) * width * depth);
                if (straight == rows) continue;
                Multiply(kernels, x.Start + (long)straight * depth, rows - straight, panel.Start, depth, edge.Start, width, next: null);
                for (int row = straight; row < rows; row++)
                    new ReadOnlySpan<float>(edge.Start + (long)(row - straight) * width, columns).CopyTo(new Span<float>(to + (long)row * outputs, columns));
            }
        });
    }

    private static void Multiply(IKernels kernels, float* x, int rows, float* panel, int depth, float* y, int yStride, float* next)
    {
        for (int k = 0; k < depth; k += PackedMatrix.MostDepth)
        {
            long before = (long)k * kernels.PanelWidth;
            kernels.Product(x + k, depth, rows, panel + before, Math.Min(PackedMatrix.MostDepth, depth - k), y, yStride, k == 0 ? null : y, yStride, next is null ? null : next + before);
        }
    }

    // A tile reads whole rows up to its own height.
    private static NativeFloats Padded(torch.Tensor x_CK, int rows)
    {
        var x = new NativeFloats(rows * x_CK.shape[1]);
        new Span<float>(x.Start, (int)(rows * x_CK.shape[1])).Clear();
        new ReadOnlySpan<float>(ProcessorMemory.Of<float>(x_CK), (int)x_CK.numel()).CopyTo(new Span<float>(x.Start, (int)x_CK.numel()));
        return x;
    }
}
