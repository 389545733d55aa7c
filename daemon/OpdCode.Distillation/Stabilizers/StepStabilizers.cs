using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>Stabilizers as the training loop uses them: once a step over all its rollouts, then for each micro-batch.</summary>
public sealed class StepStabilizers(StabilizerPipeline pipeline, IObjective objective, LanguageModel student)
{
    /// <summary>What acts.</summary>
    public StabilizerPipeline Pipeline => pipeline;

    /// <summary>
    /// Prepares a step. Where a stabilizer must see all tokens at once and the step is split, every micro-batch is measured
    /// first, without gradient: one more forward pass of both models, and micro-batches still never change the gradient.
    /// </summary>
    /// <param name="step">The optimizer step, from 1.</param>
    /// <param name="parts">The micro-batches.</param>
    /// <param name="rowsOf">Makes the rows of a micro-batch.</param>
    public ShapedStep Shape(int step, IReadOnlyList<IReadOnlyList<Rollout>> parts, Func<SequenceBatch, TokenRows> rowsOf)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(rowsOf);
        StepContext context = new(step, pipeline.Seed, objective);
        if (parts.Count <= 1 || !pipeline.SeesWholeStep) return new ShapedStep(pipeline, context, student.Tokenizer, null);
        using DisposeScope scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        List<TokenRows> rows = [];
        List<TokenStatistics> statistics = [];
        long sequences = 0;
        foreach (IReadOnlyList<Rollout> part in parts)
        {
            using DisposeScope inner = torch.NewDisposeScope();
            TokenRows measured = rowsOf(SequenceBatch.Create(part, student.Decoder.Device));
            TokenStatistics columns = pipeline.Measure(measured, objective, ResponsePlaces.Of(part, student.Tokenizer));
            statistics.Add(WholeStep.Kept(columns));
            rows.Add(WholeStep.Kept(WholeStep.WithoutModels(measured, sequences)));
            sequences += part.Count;
        }
        return new ShapedStep(pipeline, context, student.Tokenizer, WholeStep.Detached(pipeline.Apply(WholeStep.Join(rows), TokenStatistics.Join(statistics), context)));
    }
}
