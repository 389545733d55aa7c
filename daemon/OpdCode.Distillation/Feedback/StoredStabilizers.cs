using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Stabilizers.Terms;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Feedback;

/// <summary>
/// Answers "what if these stabilizers had acted": the classes of training, given the recorded numbers instead of models.
/// What needs the models themselves (losses that are added, margins over the vocabulary) is left out, and said.
/// </summary>
public static class StoredStabilizers
{
    /// <summary>Applies stabilizers to one rollout.</summary>
    /// <param name="step">All recorded rollouts of its step: some stabilizers compare with them.</param>
    /// <param name="index">The rollout's <see cref="RolloutRecord.Index"/>.</param>
    /// <param name="recipes">The stabilizers.</param>
    /// <param name="objective">The run's objective.</param>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="OpdException">OPD1303: a stabilizer means nothing with the objective.</exception>
    public static StabilizedRollout Apply(IReadOnlyList<RolloutRecord> step, int index, IReadOnlyList<StabilizerRecipe> recipes, ObjectiveRecipe objective, long seed)
    {
        ArgumentNullException.ThrowIfNull(step);
        StabilizerPipeline pipeline = StabilizerFactory.Create(recipes, objective, seed);
        using DisposeScope scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        (int Rollout, int Token)[] places = [.. step.SelectMany((r, i) => Enumerable.Range(0, r.TokenIds.Length).Where(t => Counts(r, t)).Select(t => (i, t)))];
        int at = Enumerable.Range(0, step.Count).Last(i => step[i].Index == index);
        (int Row, int Token)[] own = [.. places.Select((p, row) => (p.Rollout, p.Token, row)).Where(p => p.Rollout == at).Select(p => (p.row, p.Token))];
        List<string> notes = [];
        List<(string, float[])> stages = [];
        int tokens = step[at].TokenIds.Length;
        TokenRows rows = Rows(step, places);
        if (places.Length > 0)
        {
            TokenStatistics statistics = Statistics(step, places);
            var context = new StepContext(step[at].Step, seed, ObjectiveFactory.Create(objective));
            foreach ((string name, IStabilizer stabilizer) in pipeline.Ordered)
            {
                TokenRows before = rows;
                try
                {
                    rows = stabilizer is AddedLoss ? throw new OpdException(ErrorCodes.ObjectiveInputMissing, $"{name} adds a loss that is computed from the models; a record does not hold them.") : stabilizer.Apply(rows, statistics, context);
                }
                catch (OpdException missing) when (missing.Code == ErrorCodes.ObjectiveInputMissing)
                {
                    notes.Add($"{name} was left out: {missing.Message}");
                    continue;
                }
                if (!ReferenceEquals(before.Weights_N, rows.Weights_N)) stages.Add((name, Spread(rows.Weights_N, own, tokens)));
                if (stabilizer.SeesWholeStep && step.Count > 0) notes.Add($"{name} compares with the whole step: here with the {step.Count} of its rollouts that were recorded.");
                rows = rows with { Stages = [.. rows.Stages, new StageTrace(name, before.Weights_N, rows.Weights_N, ReferenceEquals(before.AdvantageShift_N, rows.AdvantageShift_N) ? null : rows.AdvantageShift_N)] };
            }
        }
        notes.AddRange(StabilizerNotes.Of(pipeline, recipes, rows, signals: null, isCase: false));
        return new StabilizedRollout(stages, Spread(rows.Weights_N, own, tokens), rows.AdvantageShift_N is { } shift_N ? Spread(shift_N, own, tokens) : null, notes);
    }

    // A token that stabilizers gave the weight 0 is recorded as masked; without them it would count.
    private static bool Counts(RolloutRecord rollout, int token) => rollout.Stages is not null || rollout.Mask is null || rollout.Mask[token] != 0;

    private static TokenRows Rows(IReadOnlyList<RolloutRecord> step, (int Rollout, int Token)[] places) => new()
    {
        StudentHidden_ND = torch.zeros([places.Length, 0], torch.ScalarType.Float64),
        StudentHead_VD = null,
        VocabularySize = 1,
        SampledIds_N = torch.tensor(places.Select(p => (long)step[p.Rollout].TokenIds[p.Token]).ToArray()),
        Weights_N = torch.ones(places.Length, torch.ScalarType.Float64),
        SamplerLogprobs_N = Column(step, places, r => r.SamplerLogprobs),
        ContextLogprobs_NK = Contexts_NK(step, places),
        Sequence_N = torch.tensor(places.Select(p => (long)p.Rollout).ToArray()),
        Normalizer = Math.Max(1, places.Length),
        SequenceNormalizer = step.Count,
        Rewards_B = step.All(r => r.Reward is not null) ? torch.tensor(step.Select(r => r.Reward!.Value).ToArray()) : null,
        Groups_B = step.All(r => r.Group is not null) ? torch.tensor(step.Select(r => (long)r.Group!.Value).ToArray()) : null,
    };

    private static TokenStatistics Statistics(IReadOnlyList<RolloutRecord> step, (int Rollout, int Token)[] places)
    {
        torch.Tensor? student_N = Column(step, places, r => r.StudentLogprobs);
        int[][]? sentences = step.All(r => r.CharStart is not null) ? [.. step.Select(r => SentenceSplitter.OfTokens(r.Response, r.CharStart!))] : null;
        return new TokenStatistics
        {
            StudentLogprob_N = student_N,
            OldLogprob_N = student_N,
            SamplerLogprob_N = Column(step, places, r => r.SamplerLogprobs),
            TeacherLogprob_N = Column(step, places, r => r.TeacherLogprobs),
            TeacherEntropy_N = Column(step, places, r => r.TeacherEntropy),
            Divergence_N = Column(step, places, r => r.Divergence),
            ContextLogprobs_NK = Contexts_NK(step, places),
            Texts_N = [.. places.Select(p => step[p.Rollout].TokenTexts[p.Token])],
            Sentence_N = sentences is null ? null : [.. places.Select(p => sentences[p.Rollout][p.Token])],
            Turn_N = new int[places.Length], // a recorded response is one turn
        };
    }

    private static torch.Tensor? Column(IReadOnlyList<RolloutRecord> step, (int Rollout, int Token)[] places, Func<RolloutRecord, float[]?> column) =>
        step.All(r => column(r) is not null) ? torch.tensor(places.Select(p => (double)column(step[p.Rollout])![p.Token]).ToArray()) : null;

    private static torch.Tensor? Contexts_NK(IReadOnlyList<RolloutRecord> step, (int Rollout, int Token)[] places)
    {
        if (places.Length == 0 || step.Any(r => r.ContextLogprobs is null)) return null;
        float[][] rows = [.. places.Select(p => step[p.Rollout].ContextLogprobs![p.Token])];
        return torch.tensor(rows.SelectMany(r => r.Select(v => (double)v)).ToArray(), [rows.Length, rows[0].Length]);
    }

    private static float[] Spread(torch.Tensor values_N, (int Row, int Token)[] own, int tokens)
    {
        var spread = new float[tokens];
        float[] values = values_N.to_type(torch.ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        foreach ((int row, int token) in own) spread[token] = values[row];
        return spread;
    }
}
