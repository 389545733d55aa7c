using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Stabilizers;

/// <summary>Every stabilizer against its slow twin on random rows, with rows that are left out, and with other settings than the default.</summary>
public sealed class StabilizerTwinTests
{
    private static readonly StabilizerRecipe[] s_recipes =
    [
        .. StabilizerRows.Every.Where(r => r is not (AdaptiveSkewRecipe or DataBalanceRecipe or WelfordWhiteningRecipe or ContrastiveRecipe or FeatureMatchRecipe or EntropyGatedForwardKlRecipe or MarginShiftRecipe)),
        new RatioMagnitudeRecipe { Epsilon = .9, Mix = .3 }, new EntropyGateRecipe { Gamma = 2, Floor = .3, Lookahead = 2, Maximum = "raw" }, new ConfidenceRecipe { Form = "exponential", Temperature = .7, Mix = .6 },
        new DigitPlaceRecipe { MaxDigits = 0, OtherWeight = 0 }, new AgreementRecipe { Gamma = 2, Spread = "range" }, new AgreementRecipe { Gamma = 2, Level = "sequence" }, new AgreementRecipe { Gamma = 2, Level = "sequence", Spread = "range" },
        new PrefixReleaseRecipe { TopK = 2, MinSegments = 2, Mass = "advantage" }, new PrefixReleaseRecipe { TopK = 7, MinSegments = 2, Mass = "loss" }, new MarginMaskRecipe { Delta = 1, Scope = "batch", Statistic = "minmax" },
        new ClipDivergenceRecipe { Quantile = .4 }, new SkipFirstRecipe { Tokens = 2 }, new PassRateWeightRecipe { Hard = 2, Easy = .5 }, new PassRateWeightRecipe { Hard = 0, Easy = 3, CorrectFrom = 2 }, new TokenDrawRecipe { Share = .3, Gamma = 3 }, new TokenDrawRecipe { Gamma = 0 },
        new TokenSelectionRecipe { By = "overconfident", Share = .3 }, new TokenSelectionRecipe { By = "student-entropy", Over = "step" }, new TokenSelectionRecipe { By = "reverse-kl", Share = .2 }, new TokenSelectionRecipe { Share = .3, Over = "step" },
        new TokenSelectionRecipe { By = "soft-or-sampled" }, new TokenSelectionRecipe { By = "log-ratio", Share = .1, Over = "step" }, new TokenSelectionRecipe { By = "teacher-entropy", Share = .75 },
        new NormalizeWeightsRecipe { Over = "step" }, new StepWeightRecipe { Delta = 5, Epsilon = .1 },
    ];

    public static TheoryData<int> Index => [.. Enumerable.Range(0, s_recipes.Length)];

    [Theory, MemberData(nameof(Index))]
    public void A_stabilizer_equals_its_twin(int index)
    {
        StabilizerRecipe recipe = s_recipes[index];
        for (int seed = 0; seed < 8; seed++)
        {
            double[] before = [1, .5, 2, 1, 1, 0, 1, 1, seed % 2, 1, .25, 1];
            TokenRows rows = StabilizerRows.Batch(seed, before);
            double[] expected = before.Zip(Twin(rows, before, recipe).Factors(recipe)!, (w, f) => w * f).ToArray();
            ToyRows.Close(expected, ToyRows.Doubles(StabilizerRows.Apply(rows, StabilizerRows.ObjectiveFor(recipe), recipe).Weights_N), 1e-10);
        }
    }

    [Fact]
    public void A_margin_shift_equals_its_twin()
    {
        foreach (string scope in new[] { "group", "batch" })
            foreach (string statistic in new[] { "mean", "minmax" })
                foreach (string direction in new[] { "both", "up", "down" })
                {
                    MarginShiftRecipe recipe = new() { Delta = 2.5, Scope = scope, Statistic = statistic, Direction = direction };
                    double[] before = [1, .5, 2, 1, 1, 0, 1, 1, 1, 1, .25, 1];
                    TokenRows rows = StabilizerRows.Batch(21, before);
                    ToyRows.Close(Twin(rows, before, recipe).Shift(recipe), ToyRows.Doubles(StabilizerRows.Apply(rows, StabilizerRows.PolicyGradient, recipe).AdvantageShift_N!), 1e-10);
                }
    }

    private static PlainStabilizers Twin(TokenRows rows, double[] before, StabilizerRecipe recipe)
    {
        double[][] Split(torch.Tensor x) => [.. ToyRows.Doubles(x).Chunk((int)x.shape[1])];
        long[] ids = Columns.Longs(rows.SampledIds_N);
        double[][] student = [.. Split(rows.StudentHidden_ND).Select(ToyRows.Softmax)], teacherLogits = Split(rows.TeacherHidden_NM!), teacher = [.. teacherLogits.Select(ToyRows.Softmax)];
        int topK = (recipe as PrefixReleaseRecipe)?.TopK ?? 2;
        ResponsePlaces places = StabilizerRows.Places(rows);
        return new PlainStabilizers(Columns.Longs(rows.Sequence_N), before)
        {
            Student = [.. student.Select((p, n) => Math.Log(p[ids[n]]))],
            Teacher = [.. teacher.Select((p, n) => Math.Log(p[ids[n]]))],
            Sampler = ToyRows.Doubles(rows.SamplerLogprobs_N!),
            Entropy = [.. teacher.Select(p => -p.Sum(x => x * Math.Log(x)))],
            StudentEntropy = [.. student.Select(PlainDivergences.Entropy)],
            JensenShannon = [.. student.Zip(teacher, (s, t) => PlainDivergences.Entries["jsd"](new DivergenceObjectiveRecipe(), s, t))],
            ReverseKl = [.. student.Zip(teacher, (s, t) => PlainDivergences.Entries["reverse-kl"](new DivergenceObjectiveRecipe(), s, t))],
            ForwardKl = [.. student.Zip(teacher, (s, t) => PlainDivergences.Entries["forward-kl"](new DivergenceObjectiveRecipe(), s, t))],
            Seed = 5,
            Step = 3,
            Divergence = [.. student.Zip(teacher, (s, t) => s.Zip(t, (a, b) => a * Math.Log(a / b)).Sum())],
            Margin = [.. student.Zip(teacherLogits, (s, z) =>
            {
                double[] best = [.. Enumerable.Range(0, 7).OrderByDescending(v => s[v]).Take(topK).Select(v => z[v]).OrderDescending()];
                return best[0] - best[1];
            })],
            Contexts = Split(rows.ContextLogprobs_NK!),
            Texts = places.Texts_N,
            Sentence = places.Sentence_N,
            Turn = places.Turn_N,
            Rewards = ToyRows.Doubles(rows.Rewards_B!),
            Groups = Columns.Longs(rows.Groups_B!),
            Vocabulary = 7,
        };
    }
}
