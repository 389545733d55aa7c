using System.Runtime.CompilerServices;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>
/// A weight matrix [N, K] copied into the order in which a product reads it: panels of some rows of W, in a panel the
/// rows' numbers side by side for k = 0 … K−1. The copy is made once per generation, since weights change between two.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>k of a panel that are multiplied at once: a part that stays in the cache while all rows pass over it.</summary>
    public const int MostDepth = 512;

    private const int RunsPerThread = 8;

    private readonly IKernels _kernels;
    private readonly NativeFloats _panels;
    private readonly NativeFloats? _bias;

    /// <summary>Packs a matrix.</summary>
    /// <param name="kernels">Whose panels.</param>
    /// <param name="team">Shares the copying.</param>
    /// <param name="weight_NK">Any type; copied as float32.</param>
    /// <param name="bias_N">Added to every product, or null.</param>
    /// <param name="scale">What every weight is multiplied by.</param>
    public PackedMatrix(IKernels kernels, ThreadTeam team, torch.Tensor weight_NK, torch.Tensor? bias_N = null, double scale = 1)
    {
        using var scope = torch.NewDisposeScope();
        _kernels = kernels;
        (Outputs, Depth) = ((int)weight_NK.shape[0], (int)weight_NK.shape[1]);
        int width = kernels.PanelWidth;
        PanelCount = (Outputs + width - 1) / width;
        _panels = new NativeFloats((long)PanelCount * width * Depth);
        torch.Tensor plain_NK = weight_NK.detach().to_type(torch.float32).contiguous();
        if (scale != 1) plain_NK = plain_NK * scale;
        float* from = ProcessorMemory.Of<float>(plain_NK);
        team.Run(PanelCount, (panel, _) =>
        {
            int first = panel * width;
            Pack(from + (long)first * Depth, Math.Min(width, Outputs - first), Depth, width, _panels.Start + (long)panel * width * Depth);
        });
        if (bias_N is null) return;
        _bias = new NativeFloats(PanelCount * width);
        new Span<float>(_bias.Start, PanelCount * width).Clear();
        torch.Tensor plain_N = bias_N.detach().to_type(torch.float32).contiguous();
        new Span<float>(ProcessorMemory.Of<float>(plain_N), Outputs).CopyTo(new Span<float>(_bias.Start, Outputs));
    }

    /// <summary>N.</summary>
    public int Outputs { get; }

    /// <summary>K.</summary>
    public int Depth { get; }

    /// <summary>Panels; the last is filled up with zeros.</summary>
    public int PanelCount { get; }

    /// <summary>Panels that one thread takes one after another: each fetches the next, but not so many that another thread waits for this one.</summary>
    public int Run(int threads) => Math.Max(1, PanelCount / (RunsPerThread * threads));

    /// <summary>Columns that a product writes: N rounded up to whole panels.</summary>
    public int PaddedOutputs => PanelCount * _kernels.PanelWidth;

    /// <summary>Writes a panel: some rows of W side by side for k = 0 … K−1, filled up with zeros.</summary>
    /// <param name="from">The first of the rows, [rows, K].</param>
    /// <param name="rows">At most <paramref name="width"/>.</param>
    /// <param name="depth">K.</param>
    /// <param name="width">Columns of a panel.</param>
    /// <param name="to">[K, width].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* from, int rows, int depth, int width, float* to)
    {
        if (rows < width) new Span<float>(to, width * depth).Clear();
        // Row by row, because W is read from memory and only a straight run is fetched ahead; in pieces, so that the
        // cache lines that neighbouring rows share are still near.
        for (int start = 0; start < depth; start += MostDepth)
        {
            int count = Math.Min(MostDepth, depth - start);
            for (int row = 0; row < rows; row++)
            {
                float* source = from + (long)row * depth + start, end = source + count, target = to + (long)start * width + row;
                for (; source < end; source++, target += width) *target = *source;
            }
        }
    }

    /// <summary>y = x·Wᵀ + bias for some panels; with <paramref name="addToY"/> y += instead.</summary>
    public void Multiply(int firstPanel, int panelCount, float* x, int xStride, int rows, float* y, int yStride, bool addToY)
    {
        int width = _kernels.PanelWidth;
        for (int panel = firstPanel; panel < firstPanel + panelCount; panel++)
        {
            float* weights = _panels.Start + (long)panel * width * Depth, result = y + panel * width, bias = _bias is null ? null : _bias.Start + panel * width;
            float* addend = addToY ? result : bias;
            int addendStride = addToY ? yStride : 0;
            for (int k = 0; k < Depth; k += MostDepth)
            {
                int depth = Math.Min(MostDepth, Depth - k);
                float* part = weights + (long)k * width;
                _kernels.Product(x + k, xStride, rows, part, depth, result, yStride, addend, addendStride, next: part + (long)depth * width);
                addend = result;
                addendStride = yStride;
            }
            if (!addToY || bias is null) continue;
            for (int row = 0; row < rows; row++)
                for (int i = 0; i < width; i++) result[(long)row * yStride + i] += bias[i];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _panels.Dispose();
        _bias?.Dispose();
    }
}
