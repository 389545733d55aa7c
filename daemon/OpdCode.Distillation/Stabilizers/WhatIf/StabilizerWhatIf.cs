using OpdCode.Distillation.Objectives;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers.WhatIf;

/// <summary>
/// Recomputes the weights of a step's recorded rollouts under other stabilizers, by the code that trains, without any model.
/// What the record does not suffice for is said, not guessed.
/// </summary>
public static class StabilizerWhatIf
{
    /// <summary>The weights after each stabilizer.</summary>
    /// <exception cref="OpdException">OPD1303 where a stabilizer means nothing with the objective.</exception>
    public static WhatIfAnswer Recompute(WhatIfQuestion question)
    {
        ArgumentNullException.ThrowIfNull(question);
        if (StabilizerFit.Problem(question.Objective, question.Stabilizers) is { } problem) throw new OpdException(ErrorCodes.ObjectiveRefused, problem);
        using DisposeScope scope = torch.NewDisposeScope();
        TokenRows rows = RecordedTokens.Rows(question);
        int topK = question.Stabilizers.OfType<PrefixReleaseRecipe>().Select(p => p.TopK).FirstOrDefault();
        double[]? margin_N = topK > 0 ? RecordedTokens.Margins(question.Rollouts, topK) : null;
        TokenStatistics statistics = RecordedTokens.Statistics(question.Rollouts, margin_N);
        (StabilizerRecipe Recipe, string? Why)[] checkedOnes = question.Stabilizers.Select(s => (s, Missing(s, question, rows, statistics, margin_N))).ToArray();
        StabilizerRecipe[] computed = [.. checkedOnes.Where(c => c.Why is null).Select(c => c.Recipe)];
        StabilizerPipeline pipeline = StabilizerFactory.Create(computed, question.Objective, question.Seed);
        int step = question.Rollouts.Count > 0 ? question.Rollouts[0].Step : 1;
        TokenRows after = pipeline.Apply(rows, statistics, new StepContext(step, question.Seed, ObjectiveFactory.Create(question.Objective)));
        return new WhatIfAnswer(
            Rollouts(question, after),
            [.. checkedOnes.Where(c => c.Why is not null).Select(c => new WhatIfGap(StabilizerFit.KindOf(c.Recipe), c.Why!))],
            StabilizerSetting.Of(question.Stabilizers),
            [.. StabilizerNotes.Of(pipeline, computed, after, null, isCase: false), .. Approximations(question, pipeline)]);
    }

    // Why what is stored does not suffice; null where it does.
    private static string? Missing(StabilizerRecipe recipe, WhatIfQuestion question, TokenRows rows, TokenStatistics statistics, double[]? margin_N)
    {
        bool isPartial = question.StepRollouts is { } all && all > question.Rollouts.Count;
        switch (recipe)
        {
            case ContrastiveRecipe or FeatureMatchRecipe or EntropyGatedForwardKlRecipe:
                return "It adds a loss and changes no weight, and the added loss needs distributions or hidden states, which rollouts do not store.";
            case TokenDrawRecipe:
                return "It draws by the Jensen–Shannon divergence of every token, which rollouts do not store.";
            case WelfordWhiteningRecipe:
                return "Its running mean and spread come from all rewards since the start of the run, and rollouts store those of recorded steps only.";
            case DataBalanceRecipe when isPartial:
                return $"It draws among all responses of a prompt or step, and only {question.Rollouts.Count} of {question.StepRollouts} rollouts are recorded. Raise record.rollouts.";
            case AgreementRecipe when statistics.ContextLogprobs_NK is null:
                return "The rollouts hold no log-probabilities under auxiliary contexts: the run had none.";
            case PrefixReleaseRecipe p when statistics.Sentence_N is null || margin_N!.Any(double.IsNaN):
                return $"The teacher's margin among the student's top {p.TopK} is not known at {margin_N!.Count(double.IsNaN)} of {margin_N!.Length} tokens: fewer than two of them are among the recorded alternatives. Raise record.topK.";
            case ConfidenceRecipe { Form: "linear", Mix: not 0 } when question.VocabularySize is null:
                return "The linear form divides by the logarithm of the vocabulary's size, which is not known.";
            case ClipDivergenceRecipe when statistics.Divergence_N is null:
                return "The rollouts hold no divergence: the run's objective has none.";
            case RatioMagnitudeRecipe when question.Objective is GroupRewardObjectiveRecipe && rows.Rewards_B is null:
                return "The sign of a response's advantage comes from its reward, and the rollouts hold none.";
            case TokenSelectionRecipe { By: "soft-or" or "reverse-kl" } when statistics.ReverseKl_N is null:
                return $"It ranks by KL(student‖teacher) over the full vocabulary, and {Recorded(question)}.";
            case TokenSelectionRecipe { By: "overconfident" } when statistics.ForwardKl_N is null:
                return $"It ranks by KL(teacher‖student) over the full vocabulary, and {Recorded(question)}.";
            case TokenSelectionRecipe { By: "soft-or" or "soft-or-sampled" or "overconfident" or "student-entropy" } when statistics.StudentEntropy_N is null:
                return "The rollouts hold no entropy of the student.";
            case EntropyGateRecipe or ConfidenceRecipe or TokenSelectionRecipe { By: "teacher-entropy" } when statistics.TeacherEntropy_N is null:
                return "The rollouts hold no entropy of a teacher.";
        }
        string kind = StabilizerFit.KindOf(recipe);
        if (StabilizerFit.NeedsRewards(kind) && rows.Rewards_B is null) return "It looks at rewards, and the rollouts hold none.";
        if (StabilizerFit.NeedsRewards(kind) && rows.Groups_B is null) return "Which responses answer the same prompt is not recorded.";
        bool looksAtRatio = recipe is RatioMagnitudeRecipe or MarginShiftRecipe or MarginMaskRecipe or PrefixWeightRecipe or StepWeightRecipe or LogRatioMaskRecipe
            or PrefixReleaseRecipe { Mass: not "mask" } or TokenSelectionRecipe { By: "log-ratio" or "soft-or-sampled" } || (recipe is SoftClampRecipe && statistics.Divergence_N is null);
        return looksAtRatio && (statistics.TeacherLogprob_N is null || statistics.StudentLogprob_N is null) ? "The rollouts do not hold the log-probabilities of both models." : null;
    }

    private static string Recorded(WhatIfQuestion question) => question.Rollouts.Count > 0 && question.Rollouts[0].DivergenceLabel is { } label
        ? $"the rollouts hold {label}" : "the rollouts hold no divergence";

    private static IEnumerable<string> Approximations(WhatIfQuestion question, StabilizerPipeline pipeline)
    {
        if (question.StepRollouts is { } all && all > question.Rollouts.Count && !pipeline.IsEmpty)
        {
            string[] names = [.. pipeline.Names.Where(n => pipeline.SeesOthers(n))];
            if (names.Length > 0) yield return $"{string.Join(", ", names)} {(names.Length == 1 ? "compares" : "compare")} tokens of several responses, and only {question.Rollouts.Count} of the step's {all} rollouts are recorded: the weights are those of a step of {question.Rollouts.Count}.";
        }
        if (pipeline.Names.Contains("step-weight")) yield return "step-weight: every response counts as one turn.";
        if (pipeline.Names.Contains("clip-divergence") || pipeline.Names.Contains("soft-clamp"))
            yield return $"The divergence is the recorded one: {question.Rollouts.Select(r => r.DivergenceLabel).FirstOrDefault(l => l is not null) ?? "none; soft-clamp takes |log T − log S|"}.";
    }

    private static WhatIfRollout[] Rollouts(WhatIfQuestion question, TokenRows after)
    {
        double[] weight_N = Columns.Doubles(after.Weights_N);
        double[]? shift_N = after.AdvantageShift_N is null ? null : Columns.Doubles(after.AdvantageShift_N);
        (string Name, double[] Weights)[] stages = [.. after.Stages.Select(s => (s.Name, Columns.Doubles(s.After_N)))];
        int at = 0;
        return question.Rollouts.Select(rollout =>
        {
            Range range = new(at, at += rollout.TokenIds.Length);
            return new WhatIfRollout(rollout.Index, Floats(weight_N[range]), stages.ToDictionary(s => s.Name, s => Floats(s.Weights[range])), shift_N is null ? null : Floats(shift_N[range]));
        }).ToArray();
    }

    private static float[] Floats(double[] values) => [.. values.Select(v => (float)v)];
}
