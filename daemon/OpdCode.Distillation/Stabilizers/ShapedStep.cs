using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Tokenization;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>One step's stabilizers: hands each micro-batch its weights, in the order of the micro-batches.</summary>
public sealed class ShapedStep : IDisposable
{
    private readonly StabilizerPipeline _pipeline;
    private readonly StepContext _context;
    private readonly ModelTokenizer _tokenizer;
    private readonly TokenRows? _whole;
    private long _row, _sequence;

    internal ShapedStep(StabilizerPipeline pipeline, StepContext context, ModelTokenizer tokenizer, TokenRows? whole) =>
        (_pipeline, _context, _tokenizer, _whole) = (pipeline, context, tokenizer, whole);

    /// <summary>The rows of the next micro-batch after all stabilizers; the same instance when there are none.</summary>
    public TokenRows Apply(TokenRows rows, SequenceBatch batch)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(batch);
        if (_pipeline.IsEmpty) return rows;
        if (_whole is null) return _pipeline.Apply(rows, _pipeline.Measure(rows, _context.Objective, ResponsePlaces.Of(batch.Rollouts, _tokenizer)), _context);
        long start = _row, count = rows.Weights_N.shape[0], sequences = batch.Rollouts.Count, sequence = _sequence;
        (_row, _sequence) = (start + count, sequence + sequences);
        return rows with
        {
            Weights_N = _whole.Weights_N.narrow(0, start, count),
            AdvantageShift_N = _whole.AdvantageShift_N?.narrow(0, start, count),
            ConstantLoss_N = _whole.ConstantLoss_N?.narrow(0, start, count),
            Skew_N = _whole.Skew_N?.narrow(0, start, count),
            SequenceAdvantages_B = _whole.SequenceAdvantages_B?.narrow(0, sequence, sequences) ?? rows.SequenceAdvantages_B,
            Terms = _whole.Terms,
            Stages = [.. _whole.Stages.Select(s => s.Rows(start, count))],
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_whole is null) return;
        foreach (torch.Tensor tensor in WholeStep.Tensors(_whole)) tensor.Dispose();
    }
}
