using OpdCode.Distillation.Evaluation;
using OpdCode.Distillation.Feedback;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rewards;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation;

/// <summary>
/// On-policy distillation, in order: evaluate → sample from the student → score by the signal → shape (stabilizers) → loss →
/// backward → finite check → step → record → checkpoint. Start reading here.
/// </summary>
/// <remarks>B sequences, N trained response tokens of a micro-batch, D and M widths of student and teacher.</remarks>
public sealed class DistillationLoop(
    Recipe recipe, LanguageModel student, ITokenSignal signal, IObjective objective, StepStabilizers stabilizers, StudentSampler sampler, RolloutRewards rewards,
    Evaluator? evaluator, PretrainingLoss? pretraining, WeightExtrapolation? acceleration, RunRecorder recorder)
{
    /// <summary>Runs all steps; yields after each, so that the caller can show progress or stop between steps.</summary>
    public IEnumerable<StepReport> Run(CancellationToken cancel)
    {
        using var optimizer = new AdamW(student.Decoder.Trained, recipe.Optimizer, recipe.Seed);
        var feedback = new FeedbackRecorder(student, objective.Label, recipe.Record.TopK);
        int? resumed = recorder.Begin(optimizer); // everything else is a function of seed and step
        if (resumed is null) yield return recorder.Evaluated(0, evaluator?.Evaluate(student, cancel));

        for (int step = (resumed ?? 0) + 1; step <= recipe.Steps; step++)
        {
            var clock = new StepClock();
            IReadOnlyList<Rollout> written = rewards.Collect(sampler, step, cancel);
            IReadOnlyList<Rollout> rollouts = signal.Prepare(rewards.WorthComparing(written), step, cancel);
            clock.Sampled();

            // One normalizer for the whole step: splitting it into micro-batches never changes the gradient.
            double trainedTokens = GradientCheck.TrainedTokens(rollouts, written, step);
            var totals = new StepTotals(written);
            student.Decoder.Trained.ZeroGradients();
            IReadOnlyList<Rollout>[] parts = [.. SequenceBatch.Split(rollouts, recipe.Optimizer.MicroBatch)];
            using (ShapedStep shaped = stabilizers.Shape(step, parts, batch => Rows(batch, rollouts, trainedTokens, step)))
            foreach (IReadOnlyList<Rollout> part in parts)
            {
                cancel.ThrowIfCancellationRequested();
                using var scope = torch.NewDisposeScope();
                SequenceBatch batch = SequenceBatch.Create(part, student.Decoder.Device);
                TokenRows rows = shaped.Apply(Rows(batch, rollouts, trainedTokens, step), batch);
                ObjectiveResult result = objective.Evaluate(rows);
                using (StepProfile.Measure("backward")) result.Loss.backward();
                recorder.Record(feedback, batch, rows, result.Signals, step, totals.Sequences);
                totals.Add(result, rows, part.Count);
            }
            totals.Add(pretraining?.Backward(step, cancel));

            // A step that is not finite is never applied: the weights stay those of the last good step.
            double gradientNorm = GradientCheck.Norm(student.Decoder.Trained, step, totals.Loss, totals.Reward is not null);
            recorder.BeforeUpdate();
            double learningRate = LearningRate.At(recipe.Optimizer, step, recipe.Steps);
            optimizer.Step(learningRate, GradientCheck.ClipScale(gradientNorm, recipe.Optimizer.ClipNorm));
            recorder.Warn(step, signal.Warning);
            totals.Add(sampler.Metrics);
            totals.Add(signal.Metrics);
            totals.Add(acceleration?.Stepped(step, cancel));
            signal.Stepped(step);
            clock.Trained();

            bool last = step == recipe.Steps;
            bool evaluate = evaluator is not null && (last || (recipe.Evaluate!.Every > 0 && step % recipe.Evaluate.Every == 0));
            StepReport report = recorder.Stepped(step, totals, clock, gradientNorm, learningRate, evaluate ? evaluator!.Evaluate(student, cancel) : null);
            if (recorder.IsCheckpointDue(step)) recorder.Checkpoint(step);
            yield return report;
        }
    }

    private TokenRows Rows(SequenceBatch batch, IReadOnlyList<Rollout> rollouts, double trainedTokens, int step) => signal.Judge(batch, new TokenRows
    {
        StudentHidden_ND = batch.HiddenRows(student.Decoder),
        StudentHead_VD = student.Decoder.Head_VD,
        VocabularySize = student.VocabularySize,
        SampledIds_N = batch.SampledIds_N,
        SamplerLogprobs_N = batch.SamplerLogprobs_N,
        Sequence_N = batch.Sequence_N,
        Weights_N = torch.ones(batch.Rows_N.shape[0], torch.float32, student.Decoder.Device),
        Normalizer = trainedTokens,
        SequenceNormalizer = rollouts.Count,
        Rewards_B = batch.Rewards_B,
        Groups_B = batch.Groups_B,
        IsGiven_N = batch.IsGiven_N,
        GivenNormalizer = rollouts.Where(r => r.IsGiven).Sum(r => r.ResponseIds.Length),
        GivenSequences = rollouts.Count(r => r.IsGiven),
        Balance = LossBalance.At(recipe.OffPolicy?.Balance, step, recipe.Steps),
        GroupNormalizer = rollouts.Select(r => r.Group).Distinct().Count(),
    });
}
