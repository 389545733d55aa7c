using OpdCode.Models.Vectors;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>
/// Where the logits of one model come from: hidden states times the head, computed for a few rows at a time, or logits
/// that are given. Rows of the head beyond the vocabulary are padding and are cut off before the product, so they never
/// get mass.
/// </summary>
internal sealed class LogitSource
{
    private readonly torch.Tensor _hidden_ND;
    private readonly torch.Tensor? _head_VD;
    private readonly int _vocabulary;

    /// <summary>Wraps one model's rows; nothing is computed yet.</summary>
    /// <exception cref="OpdException">OPD1302 when the head (or the logits) has fewer columns than the vocabulary.</exception>
    public LogitSource(torch.Tensor hidden_ND, torch.Tensor? head_VD, int vocabulary, string whose)
    {
        long columns = head_VD is null ? hidden_ND.shape[1] : head_VD.shape[0];
        if (columns < vocabulary)
        {
            throw new OpdException(ErrorCodes.VocabularyMismatch,
                $"The {whose} gives {columns} logits per token but the vocabulary has {vocabulary} ids. Set the vocabulary to the ids that both models share.");
        }
        _hidden_ND = hidden_ND.detach().contiguous();
        _head_VD = head_VD?.detach().narrow(0, 0, vocabulary);
        _vocabulary = vocabulary;
    }

    /// <summary>Number of rows N.</summary>
    public long Rows => _hidden_ND.shape[0];

    /// <summary>Whether logits are given rather than computed from a head.</summary>
    public bool AreGiven => _head_VD is null;

    /// <summary>float64 for float64 inputs (explain and tests), float32 for everything else.</summary>
    public torch.ScalarType ComputeType => _hidden_ND.dtype == torch.ScalarType.Float64 ? torch.ScalarType.Float64 : torch.ScalarType.Float32;

    /// <summary>The hidden states of some rows, shape [C, D].</summary>
    public torch.Tensor Hidden_CD(long start, long count) => _hidden_ND.narrow(0, start, count);

    /// <summary>The head cut to the vocabulary, shape [V, D].</summary>
    public torch.Tensor Head_VD => _head_VD ?? throw new InvalidOperationException("Given logits have no head.");

    /// <summary>An uninitialised buffer for <paramref name="rows"/> rows of logits in the type of the model.</summary>
    public torch.Tensor NewBuffer(long rows) => torch.empty(rows, _vocabulary, dtype: _hidden_ND.dtype, device: _hidden_ND.device);

    /// <summary>Writes the logits of rows [start, start + C) into <paramref name="buffer_CV"/>.</summary>
    public void Fill(long start, torch.Tensor buffer_CV)
    {
        long count = buffer_CV.shape[0];
        if (_head_VD is null) buffer_CV.copy_(_hidden_ND.narrow(0, start, count).narrow(1, 0, _vocabulary));
        else if (StreamedProduct.Reaches(_hidden_ND, _head_VD, buffer_CV)) StreamedProduct.Fill(Hidden_CD(start, count), _head_VD, buffer_CV);
        else buffer_CV.addmm_(Hidden_CD(start, count), _head_VD.t(), 0, 1);
    }
}
