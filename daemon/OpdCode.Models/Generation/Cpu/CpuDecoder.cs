using OpdCode.Models.Decoding;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>
/// The decoder for writing text on a processor: rows of single tokens, each with its own sequence and position, so that
/// prompts and responses of any lengths are computed side by side without padding. After construction nothing is allocated.
/// </summary>
/// <remarks>Weights are copied when it is made; a change after that is not seen. Not thread-safe.</remarks>
internal sealed unsafe class CpuDecoder : IDisposable
{
    // Multiply-adds worth waking another thread for, about 3 µs of work.
    private const long WorthSharing = 300_000;

    private readonly DecoderConfig _config;
    private readonly IKernels _kernels;
    private readonly ThreadTeam _team;
    private readonly CpuLayer[] _layers;
    private readonly PackedMatrix _head;
    private readonly NativeFloats _finalNorm;
    private readonly float* _embedding; // [V, D]: the model's own, which outlives this
    private readonly RotaryTable _rotary;
    private readonly float* _cos;
    private readonly float* _sin;
    private readonly List<NativeFloats> _buffers = [];
    private readonly float*[] _scores;
    private readonly float* _x, _normed, _qkv, _attended, _gateUp, _inner, _low, _headInput;
    private readonly int _widthStride, _qkvStride, _attendedStride, _gateUpStride, _innerStride, _lowStride;
    private readonly int _headSize, _paddedHead;
    private readonly CpuRow[] _rows;
    private readonly Action<int, int> _multiply, _normalize, _place, _attend, _activate;

    private int _count;
    private int _layer;
    private (PackedMatrix Matrix, int PanelsPerChunk, nint X, int XStride, int Rows, nint Y, int YStride, bool Add) _product;
    private nint _normWeight;

    /// <summary>Packs a model's weights.</summary>
    /// <param name="model">float32 on the processor.</param>
    /// <param name="kernels">The kernels of this processor.</param>
    /// <param name="team">The threads to use.</param>
    /// <param name="rows">The most rows of one call.</param>
    /// <param name="headRows">The most rows that logits are wanted for.</param>
    /// <param name="positions">One behind the last position of any row.</param>
    public CpuDecoder(Decoder model, IKernels kernels, ThreadTeam team, int rows, int headRows, int positions)
    {
        DecoderConfig c = _config = model.Config;
        (_kernels, _team) = (kernels, team);
        DecoderLayout.Plan plan = DecoderLayout.For(c);
        _layers = plan.Layers.Select(places => new CpuLayer(kernels, team, model, places)).ToArray();
        _head = new PackedMatrix(kernels, team, model.Weights[plan.Head]);
        _finalNorm = new NativeFloats(c.HiddenSize);
        CpuLayer.Copy(model.Weights[plan.FinalNorm], _finalNorm.Start);
        _embedding = ProcessorMemory.Of<float>(model.Weights[plan.Embedding]);
        _rotary = new RotaryTable(c);
        (torch.Tensor cos_PH, torch.Tensor sin_PH) = _rotary.Rows(positions, torch.CPU);
        _cos = ProcessorMemory.Of<float>(cos_PH);
        _sin = ProcessorMemory.Of<float>(sin_PH);

        _headSize = c.HeadSize;
        _paddedHead = RoundUp(c.HeadSize, TokenBlocks.Positions);
        Blocks = new TokenBlocks((long)c.Layers * c.KeyValueHeads * HeadFloats);
        rows = RoundUp(rows, kernels.TileRows);
        headRows = RoundUp(headRows, kernels.TileRows);
        _rows = new CpuRow[rows];
        int panel = kernels.PanelWidth, rank = model.Adapter?.Rank ?? 0;
        // An update of some columns writes whole panels, which may reach over the end of the last one.
        _widthStride = RoundUp(c.HiddenSize, panel) + panel;
        _qkvStride = RoundUp((c.Heads + 2 * c.KeyValueHeads) * c.HeadSize, panel) + panel;
        _attendedStride = c.Heads * c.HeadSize + TokenBlocks.Positions;
        _gateUpStride = RoundUp(2 * c.IntermediateSize, panel) + panel;
        _innerStride = RoundUp(c.IntermediateSize, panel);
        _lowStride = RoundUp(rank, panel);
        LogitsStride = _head.PaddedOutputs;
        _x = Buffer(rows, _widthStride);
        _normed = Buffer(rows, _widthStride);
        _qkv = Buffer(rows, _qkvStride);
        _attended = Buffer(rows, _attendedStride);
        _gateUp = Buffer(rows, _gateUpStride);
        _inner = Buffer(rows, _innerStride);
        _low = Buffer(rows, _lowStride);
        _headInput = Buffer(headRows, _widthStride);
        Logits = Buffer(headRows, LogitsStride);
        _scores = new float*[team.Count];
        for (int worker = 0; worker < team.Count; worker++) _scores[worker] = Buffer(1, RoundUp(positions, TokenBlocks.Positions) + 2 * TokenBlocks.Positions);
        (_multiply, _normalize, _place, _attend, _activate) = (Multiply, Normalize, Place, Attend, Activate);
    }

    /// <summary>Where sequences keep their keys and values.</summary>
    public TokenBlocks Blocks { get; }

    /// <summary>[headRows, <see cref="LogitsStride"/>] after <see cref="ComputeLogits"/>.</summary>
    public float* Logits { get; }

    /// <summary>Floats from one row of logits to the next.</summary>
    public int LogitsStride { get; }

    private long HeadFloats => (long)TokenBlocks.Positions * (_headSize + _paddedHead);

    /// <summary>Runs all blocks for some rows; keys and values go to the rows' sequences.</summary>
    public void Forward(ReadOnlySpan<CpuRow> rows)
    {
        rows.CopyTo(_rows);
        _count = rows.Length;
        int d = _config.HiddenSize;
        for (int r = 0; r < _count; r++) new Span<float>(_embedding + (long)rows[r].Id * d, d).CopyTo(new Span<float>(_x + (long)r * _widthStride, d));
        for (_layer = 0; _layer < _layers.Length; _layer++)
        {
            CpuLayer layer = _layers[_layer];
            _normWeight = (nint)layer.InputNorm;
            ShareRows(d, _normalize);
            Linear(layer.Qkv, _normed, _widthStride, _qkv, _qkvStride, addToY: false);
            ShareRows(_config.HiddenSize, _place);
            int heads = _config.KeyValueHeads;
            Share(_count * heads, (long)_count * _config.Heads * _headSize * (_rows[_count - 1].Position + 64), _attend);
            Linear(layer.Output, _attended, _attendedStride, _x, _widthStride, addToY: true);
            _normWeight = (nint)layer.PostNorm;
            ShareRows(d, _normalize);
            Linear(layer.GateUp, _normed, _widthStride, _gateUp, _gateUpStride, addToY: false);
            ShareRows(8 * _config.IntermediateSize, _activate);
            Linear(layer.Down, _inner, _innerStride, _x, _widthStride, addToY: true);
        }
    }

    /// <summary>The residual stream of a row of the last call, before the final norm: [D].</summary>
    public ReadOnlySpan<float> Hidden(int row) => new(_x + (long)row * _widthStride, _config.HiddenSize);

    /// <summary>Gives a row of the head its hidden state.</summary>
    public void SetHeadInput(int headRow, ReadOnlySpan<float> hidden)
    {
        float* row = _headInput + (long)headRow * _widthStride;
        hidden.CopyTo(new Span<float>(row, _config.HiddenSize));
        _kernels.RmsNorm(row, _finalNorm.Start, _config.HiddenSize, (float)_config.NormEpsilon, row);
    }

    /// <summary>Final norm and head for the first rows of the head's input.</summary>
    public void ComputeLogits(int rows) => Product(_head, _headInput, _widthStride, rows, Logits, LogitsStride, add: false);

    private void Linear(CpuLinear linear, float* x, int xStride, float* y, int yStride, bool addToY)
    {
        Product(linear.Weight, x, xStride, _count, y, yStride, addToY);
        foreach (LowRankUpdate update in linear.Updates)
        {
            Product(update.A, x, xStride, _count, _low, _lowStride, add: false);
            Product(update.B, _low, _lowStride, _count, y + update.Column, yStride, add: true);
        }
    }

    private void Product(PackedMatrix matrix, float* x, int xStride, int rows, float* y, int yStride, bool add)
    {
        long panelWork = (long)RoundUp(rows, rows == 1 ? 1 : _kernels.TileRows) * matrix.Depth * _kernels.PanelWidth;
        int perChunk = (int)Math.Clamp(WorthSharing / panelWork, matrix.Run(_team.Count), (matrix.PanelCount + _team.Count - 1) / _team.Count);
        _product = (matrix, perChunk, (nint)x, xStride, rows, (nint)y, yStride, add);
        Share((matrix.PanelCount + perChunk - 1) / perChunk, panelWork * matrix.PanelCount, _multiply);
    }

    private void Multiply(int chunk, int worker)
    {
        int first = chunk * _product.PanelsPerChunk;
        _product.Matrix.Multiply(first, Math.Min(_product.PanelsPerChunk, _product.Matrix.PanelCount - first),
            (float*)_product.X, _product.XStride, _product.Rows, (float*)_product.Y, _product.YStride, _product.Add);
    }

    private void Normalize(int row, int worker) =>
        _kernels.RmsNorm(_x + (long)row * _widthStride, (float*)_normWeight, _config.HiddenSize, (float)_config.NormEpsilon, _normed + (long)row * _widthStride);

    // Norms and rotates a row's queries and keys, and stores keys and values.
    private void Place(int row, int worker)
    {
        int n = _config.Heads, k = _config.KeyValueHeads, h = _headSize, half = h / 2, position = _rows[row].Position;
        float* qkv = _qkv + (long)row * _qkvStride, cos = _cos + (long)position * half, sin = _sin + (long)position * half;
        CpuLayer layer = _layers[_layer];
        for (int head = 0; head < n + k; head++)
        {
            float* at = qkv + head * h;
            if (_config.QkNorm) _kernels.RmsNorm(at, head < n ? layer.QueryNorm : layer.KeyNorm, h, (float)_config.NormEpsilon, at);
            _kernels.Rotate(at, cos, sin, half);
        }
        int slot = position % TokenBlocks.Positions;
        float* block = (float*)_rows[row].Sequence.Blocks[position / TokenBlocks.Positions];
        for (int j = 0; j < k; j++)
        {
            float* keys = block + KeysOffset(j), key = qkv + (n + j) * h;
            for (int i = 0; i < h; i++) keys[i * TokenBlocks.Positions + slot] = key[i];
            float* value = keys + h * TokenBlocks.Positions + slot * _paddedHead;
            new Span<float>(qkv + (n + k + j) * h, h).CopyTo(new Span<float>(value, h));
            new Span<float>(value + h, _paddedHead - h).Clear();
        }
    }

    private long KeysOffset(int head) => ((long)_layer * _config.KeyValueHeads + head) * HeadFloats;

    private void Attend(int chunk, int worker)
    {
        int row = chunk / _config.KeyValueHeads, head = chunk % _config.KeyValueHeads, groups = _config.Heads / _config.KeyValueHeads;
        int to = _rows[row].Position + 1, window = _config.Windows[_layer], from = window == 0 ? 0 : Math.Max(0, to - window);
        fixed (nint* blocks = _rows[row].Sequence.Blocks)
        {
            float* result = stackalloc float[_paddedHead];
            for (int g = 0; g < groups; g++)
            {
                int query = head * groups + g;
                _kernels.Attend(_qkv + (long)row * _qkvStride + query * _headSize, blocks, KeysOffset(head), (long)_headSize * TokenBlocks.Positions, from, to, _headSize, _scores[worker], result);
                new Span<float>(result, _headSize).CopyTo(new Span<float>(_attended + (long)row * _attendedStride + query * _headSize, _headSize));
            }
        }
    }

    private void Activate(int row, int worker)
    {
        float* gate = _gateUp + (long)row * _gateUpStride;
        _kernels.SiluProduct(gate, gate + _config.IntermediateSize, _config.IntermediateSize, _inner + (long)row * _innerStride);
    }

    private void ShareRows(long workPerRow, Action<int, int> work) => Share(_count, _count * workPerRow, work);

    private void Share(int chunks, long multiplyAdds, Action<int, int> work)
    {
        if (multiplyAdds >= WorthSharing) _team.Run(chunks, work);
        else for (int chunk = 0; chunk < chunks; chunk++) work(chunk, 0);
    }

    private float* Buffer(int rows, int stride)
    {
        var buffer = new NativeFloats((long)rows * stride);
        new Span<float>(buffer.Start, checked(rows * stride)).Clear(); // a tile computes rows that nobody asked for, too: not on leftovers
        _buffers.Add(buffer);
        return buffer.Start;
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CpuLayer layer in _layers) layer.Dispose();
        _head.Dispose();
        _finalNorm.Dispose();
        _rotary.Dispose();
        Blocks.Dispose();
        foreach (NativeFloats buffer in _buffers) buffer.Dispose();
    }
}
