using OpdCode.Models.Generation.Cpu;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Models.Generation;

/// <summary>The matrix product that generation on a processor runs on, alone: what a benchmark measures the machine with.</summary>
public sealed unsafe class PackedProduct : IDisposable
{
    private readonly ThreadTeam _team = new(torch.get_num_threads());
    private readonly PackedMatrix _matrix;
    private readonly NativeFloats _x, _y;
    private readonly Action<int, int> _multiply;
    private readonly int _rows, _run;

    /// <summary>Random matrices.</summary>
    /// <param name="rows">Rows of x.</param>
    /// <param name="outputs">Rows of W.</param>
    /// <param name="depth">Columns of both.</param>
    /// <exception cref="NotSupportedException">The processor has no vector instructions for it; see <see cref="IsSupported"/>.</exception>
    public PackedProduct(int rows, int outputs, int depth)
    {
        IKernels kernels = Kernels.Best ?? throw new NotSupportedException("This processor has no fused multiply-add in vectors.");
        _rows = rows;
        int padded = (rows + kernels.TileRows - 1) / kernels.TileRows * kernels.TileRows;
        using torch.Tensor weight_NK = torch.randn(outputs, depth);
        _matrix = new PackedMatrix(kernels, _team, weight_NK);
        _x = new NativeFloats((long)padded * depth);
        _y = new NativeFloats((long)padded * _matrix.PaddedOutputs);
        new Span<float>(_x.Start, padded * depth).Fill(0.5f);
        _run = _matrix.Run(_team.Count);
        _multiply = (run, _) => _matrix.Multiply(run * _run, Math.Min(_run, _matrix.PanelCount - run * _run), _x.Start, depth, _rows, _y.Start, _matrix.PaddedOutputs, addToY: false);
    }

    /// <summary>Whether this processor has what it takes.</summary>
    public static bool IsSupported => Kernels.Best is not null;

    /// <summary>y = x·Wᵀ on all threads.</summary>
    public void Run() => _team.Run((_matrix.PanelCount + _run - 1) / _run, _multiply);

    /// <inheritdoc/>
    public void Dispose()
    {
        _team.Dispose();
        _matrix.Dispose();
        _x.Dispose();
        _y.Dispose();
    }
}
