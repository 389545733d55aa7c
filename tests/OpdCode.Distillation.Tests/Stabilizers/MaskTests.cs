using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Stabilizers;

/// <summary>Golden numbers of masks, clips and rescaling: methods A 9 (prefix release), 11.8 (SDFT), 1 (SoftClamp), methods B B5 and B8.</summary>
public sealed class MaskTests
{
    private static readonly double[] s_falling = [1, 1.1, .9, 1, .3, .2, .25, .35];
    private static readonly double[] s_noise = [.5, .6, .4, .55, .45, .5, .6, .4];

    [Fact] // methods A 9: BIC0 = -13.912673, best tau = 4, BIC1 = -37.809329
    public void The_change_point_has_the_golden_criteria()
    {
        Assert.Equal(-13.912673, ChangePoint.OneMean(s_falling), 1e-6);
        (int split, double criterion) = ChangePoint.BestSplit(s_falling);
        Assert.Equal(4, split);
        Assert.Equal(-37.809329, criterion, 1e-6);
        Assert.Equal(4, ChangePoint.Find(s_falling, 4));
    }

    [Fact] // methods A 9: mirrored (step up): same criteria, refused by its direction; noise and a constant stay whole
    public void Only_a_fall_that_pays_is_cut()
    {
        double[] rising = [.. s_falling.Reverse()];
        Assert.Equal(ChangePoint.OneMean(s_falling), ChangePoint.OneMean(rising), 1e-9);
        Assert.Equal(ChangePoint.BestSplit(s_falling).Criterion, ChangePoint.BestSplit(rising).Criterion, 1e-9);
        Assert.Null(ChangePoint.Find(rising, 4));
        Assert.Equal(-39.364833, ChangePoint.OneMean(s_noise), 1e-6);
        Assert.Equal(-37.549847, ChangePoint.BestSplit(s_noise).Criterion, 1e-6);
        Assert.Null(ChangePoint.Find(s_noise, 4));
        Assert.Null(ChangePoint.Find([1, 1, 1, 1, 1], 2));
    }

    [Fact] // methods A 9: n = 2 and n = 3 always split because nothing is left over; hence the least number of sentences
    public void Two_or_three_sentences_would_always_split()
    {
        Assert.Equal(1, ChangePoint.Find([1, .2], 2));
        Assert.Equal(2, ChangePoint.Find([1, 1, .2], 2));
        Assert.Null(ChangePoint.Find([1, 1, .2], 4));
        Assert.Null(ChangePoint.Find([1], 2));
        Assert.Null(ChangePoint.Find([], 2));
    }

    [Fact] // methods A 9: mask mass, l = 1111, q = 1100 -> factor 2; the sum of weights is kept; released tokens weigh exactly 0
    public void The_released_suffix_weighs_nothing_and_the_prefix_takes_its_mass()
    {
        double[] margin = s_falling.SelectMany(s => new[] { Math.Exp(s) - 1, Math.Exp(s) - 1 }).ToArray();
        int[] sentences = Enumerable.Range(0, 16).Select(n => n / 2).ToArray();
        TokenStatistics statistics = StabilizerRows.Ratio(Enumerable.Range(0, 16).Select(n => (double)(n + 1)).ToArray()) with { Margin_N = torch.tensor(margin), Sentence_N = sentences };
        double[] weights = StabilizerRows.Weights(new PrefixReleaseRecipe(), statistics, new long[16]);
        ToyRows.Close([.. Enumerable.Repeat(2.0, 8), .. Enumerable.Repeat(0.0, 8)], weights, 1e-12);
        double[] byAdvantage = StabilizerRows.Weights(new PrefixReleaseRecipe { Mass = "advantage" }, statistics, new long[16]);
        Assert.Equal(136.0 / 36, byAdvantage[0], 1e-12);
        Assert.Equal(byAdvantage, StabilizerRows.Weights(new PrefixReleaseRecipe { Mass = "loss" }, statistics, new long[16])); // log S is −1 everywhere
        // Another response of the same batch is not touched, and one without a fall stays whole.
        double[] two = StabilizerRows.Weights(new PrefixReleaseRecipe(), statistics with { Margin_N = torch.tensor([.. margin, 1.0, 1, 1, 1, 1]), Sentence_N = [.. sentences, 0, 1, 2, 3, 4] }, [.. new long[16], 1, 1, 1, 1, 1]);
        ToyRows.Close([.. weights, 1, 1, 1, 1, 1], two, 1e-12);
    }

    [Fact] // methods A 9: margin >= 0, best minus second of the teacher among the student's top K, invariant to a constant
    public void The_margin_looks_at_the_students_candidates_only()
    {
        double[][] student = [[5, 4, 3, 0, -1], [0, 1, 2, 3, 4]], teacher = [[1, 2, 9, 4, 8], [7, 7, 0, 1, 3]];
        TokenRows rows = ToyRows.From(student, teacher);
        ToyRows.Close([1, 2], Margin(rows, 2), 1e-12);
        ToyRows.Close([7, 2], Margin(rows, 3), 1e-12);
        ToyRows.Close([1, 0], Margin(rows, 5), 1e-12); // every token: the teacher's own two best
        ToyRows.Close([1, 2], Margin(rows with { TeacherHidden_NM = rows.TeacherHidden_NM! + 3 }, 2), 1e-12);
        Assert.Equal(1e4, Margin(rows with { TeacherHidden_NM = torch.tensor(new[] { 1, double.NegativeInfinity, 2, 3, 4, 1.0, 2, 3, 4, 5 }, [2, 5]) }, 2)[0]);

        static double[] Margin(TokenRows rows, int k) => ToyRows.Doubles(TokenMeasurement.Of(rows, StabilizerNeeds.Margin, ObjectiveFactory.Create(StabilizerRows.PolicyGradient), null, k).Margin_N!);
    }

    [Fact]
    public void The_first_tokens_of_every_response_are_skipped() =>
        Assert.Equal([0, 0, 1, 1, 0, 0, 0], StabilizerRows.Weights(new SkipFirstRecipe { Tokens = 2 }, new TokenStatistics(), [0, 0, 0, 0, 1, 1, 2]));

    [Fact]
    public void Behind_the_first_tokens_of_a_response_nothing_is_kept() =>
        Assert.Equal([1, 1, 0, 0, 1, 1, 1], StabilizerRows.Weights(new KeepFirstRecipe { Tokens = 2 }, new TokenStatistics(), [0, 0, 0, 0, 1, 1, 2]));

    [Fact] // methods A 3: N·softmax(reward/β); equal rewards weigh 1, and so does any reward where β is large
    public void Rewards_weigh_responses_by_their_softmax()
    {
        double[] Weights(double beta, params double[] rewards) => StabilizerRows.Weights(new RewardWeightRecipe { Beta = beta }, new TokenStatistics(), [0, 0, 1, 2], rewards: rewards);
        double e = Math.Exp(2), sum = e + 2;
        ToyRows.Close([3 * e / sum, 3 * e / sum, 3 / sum, 3 / sum], Weights(.5, 1, 0, 0), 1e-12);
        ToyRows.Close([1, 1, 1, 1], Weights(.5, 7, 7, 7), 1e-12);
        ToyRows.Close([1, 1, 1, 1], Weights(1e9, 1, 0, -5), 1e-8);
        ToyRows.Close([3, 3, 0, 0], Weights(1e-3, 1, 0, 0), 1e-12);
    }

    [Fact] // methods A 1, PACED: p^a·(1 − p)^b, peak at a/(a + b); no prompt that is always or never solved counts
    public void Prompts_count_by_how_often_they_are_solved()
    {
        double[] Weights(double a, double b, params double[] rewards) => StabilizerRows.Weights(new PassRateWeightRecipe { Hard = a, Easy = b }, new TokenStatistics(), [0, 0, 1, 2, 3], rewards: rewards, groups: [0, 0, 0, 0]);
        ToyRows.Close([.25, .25, .25, .25, .25], Weights(1, 1, 1, 0, 0, 1), 1e-15);
        ToyRows.Close([.1875, .1875, .1875, .1875, .1875], Weights(1, 1, 0, 0, 1, 0), 1e-15);
        ToyRows.Close([0, 0, 0, 0, 0], Weights(1, 1, 1, 1, 1, 1), 0);
        ToyRows.Close([0, 0, 0, 0, 0], Weights(1, 1, 0, 0, 0, 0), 0);
        ToyRows.Close([.421875, .421875, .421875, .421875, .421875], Weights(3, 0, 1, 1, 0, 1), 1e-15); // 0.75³; b = 0: what is always solved counts in full
        Assert.Equal(1, Weights(3, 0, 1, 1, 1, 1)[0]);
        // Each prompt for itself: one of two, one of one.
        Assert.Equal([.25, .25, .25, 0, 0], StabilizerRows.Weights(new PassRateWeightRecipe(), new TokenStatistics(), [0, 0, 1, 2, 2], rewards: [1, 0, 1], groups: [4, 4, 7]));
    }

    [Fact] // methods A 3: p ∝ (H/ln V)²·(JSD/ln 2)^γ, without replacement
    public void Drawn_tokens_are_those_of_doubt_and_disagreement()
    {
        double[] Kept(double share, double gamma, double[] entropy, double[] apart, int responses = 1) => StabilizerRows.Weights(new TokenDrawRecipe { Share = share, Gamma = gamma },
            new TokenStatistics { StudentEntropy_N = torch.tensor(entropy), JensenShannon_N = torch.tensor(apart) }, [.. Enumerable.Range(0, entropy.Length).Select(n => (long)(n / (entropy.Length / responses)))]);
        Assert.Equal([1, 0, 0, 0], Kept(.25, 1, [.5, .5, 0, 0], [.5, 0, .5, 0])); // only one token has any mass
        Assert.Equal(3, Kept(.6, 1, [.1, .2, .3, .4, .5], [.1, .2, .3, .1, .2]).Sum()); // rounded up
        // How often the first of two is drawn over many responses: 4·1 against 1·3, γ = 1.
        double[] entropy = [.. Enumerable.Range(0, 8000).Select(n => n % 2 == 0 ? .4 : .2)], apart = [.. Enumerable.Range(0, 8000).Select(n => n % 2 == 0 ? .1 : .3)];
        double[] drawn = Kept(.5, 1, entropy, apart, responses: 4000);
        Assert.Equal(4000, drawn.Sum());
        Assert.InRange(drawn.Where((_, n) => n % 2 == 0).Sum() / 4000, 4 / 7.0 - .03, 4 / 7.0 + .03);
        Assert.InRange(Kept(.5, 0, entropy, apart, responses: 4000).Where((_, n) => n % 2 == 0).Sum() / 4000, .77, .83); // 4 against 1
        Assert.Equal(drawn, Kept(.5, 1, entropy, apart, responses: 4000));
    }

    [Fact] // TIP, equation 7: four tokens, one for each quadrant: unsure and wrong, unsure, confident and wrong, solved
    public void Selection_sees_confident_mistakes_only_where_it_looks_at_the_teacher()
    {
        TokenStatistics quadrants = new() { StudentEntropy_N = torch.tensor(new[] { 2, 1.5, .1, .1 }), ReverseKl_N = torch.tensor(new[] { 3, .1, 2, .1 }), ForwardKl_N = torch.tensor(new[] { 1, .1, 5, .1 }) };
        double[] Kept(string by, double share) => StabilizerRows.Weights(new TokenSelectionRecipe { By = by, Share = share }, quadrants, new long[4]);
        Assert.Equal([1, 1, 0, 0], Kept("student-entropy", .5));
        Assert.Equal([1, 0, 1, 0], Kept("reverse-kl", .5));
        Assert.Equal([1, 1, 1, 0], Kept("soft-or", .75));
        Assert.Equal([0, 0, 1, 0], Kept("overconfident", .25));
        Assert.Equal([1, 1, 1, 1], Kept("soft-or", .76)); // rounded up
    }

    [Fact]
    public void Of_equal_scores_the_earlier_token_is_selected_and_a_share_is_whole_tokens()
    {
        double[] Kept(string over, double share, params long[] sequence) =>
            StabilizerRows.Weights(new TokenSelectionRecipe { By = "student-entropy", Over = over, Share = share }, new TokenStatistics { StudentEntropy_N = torch.ones(sequence.Length, dtype: torch.ScalarType.Float64) }, sequence);
        Assert.Equal([1, 1, 0, 0, 1, 0], Kept("response", .5, 0, 0, 0, 0, 1, 1));
        Assert.Equal([1, 1, 1, 0, 0, 0], Kept("step", .5, 0, 0, 0, 0, 1, 1));
        Assert.Equal(7, Kept("step", .07, new long[100]).Sum()); // 0.07·100 is a little above 7 in binary
        Assert.Equal(1, Kept("step", 1e-300, new long[100]).Sum());
    }

    [Fact] // a teacher behind a network says one number a token
    public void Without_the_teachers_distribution_tokens_are_selected_by_the_sampled_one_or_the_lack_is_said()
    {
        TokenRows rows = StabilizerRows.Batch(3);
        TokenStatistics known = TokenMeasurement.Of(rows, StabilizerNeeds.Models, ObjectiveFactory.Create(StabilizerRows.PolicyGradient), null, 2);
        TokenRows remote = rows with { TeacherHidden_NM = null, TeacherLogprobs_N = known.TeacherLogprob_N };
        foreach (string by in new[] { "soft-or-sampled", "log-ratio", "student-entropy" })
            Assert.Equal(ToyRows.Doubles(Apply(rows, by).Weights_N), ToyRows.Doubles(Apply(remote, by).Weights_N));
        foreach (string by in new[] { "soft-or", "overconfident", "reverse-kl", "teacher-entropy" })
            Assert.Contains("token-selection needs the teacher's", Assert.Throws<OpdException>(() => Apply(remote, by)).Message, StringComparison.Ordinal);

        static TokenRows Apply(TokenRows rows, string by) => StabilizerRows.Apply(rows, StabilizerRows.PolicyGradient, new TokenSelectionRecipe { By = by });
    }

    [Fact] // the top 2 % of entropies are cut to one value before the least and the greatest are taken
    public void One_outlier_of_entropy_does_not_flatten_the_others()
    {
        double[] entropy = [.. Enumerable.Range(0, 101).Select(n => n == 0 ? 50 : .02 * n)], apart = [0, 3, 1, .. new double[98]];
        double[] kept = StabilizerRows.Weights(new TokenSelectionRecipe { Share = .51 }, new TokenStatistics { StudentEntropy_N = torch.tensor(entropy), ReverseKl_N = torch.tensor(apart) }, new long[101]);
        Assert.Equal([0, 1, .. Enumerable.Range(51, 50)], Enumerable.Range(0, 101).Where(n => kept[n] > 0)); // uncut, 50 nats would make every other entropy count less than the divergence of token 2
    }

    [Fact]
    public void Outliers_of_the_log_ratio_weigh_nothing() =>
        Assert.Equal([1, 0, 0, 1], StabilizerRows.Weights(new LogRatioMaskRecipe { Max = 2 }, StabilizerRows.Ratio(1.9, 2, -5, 0), new long[4]));

    [Fact] // methods B B8: value clip after the vocabulary sum, before weights; the quantile wins
    public void A_clipped_divergence_counts_as_its_bound_without_gradient()
    {
        double[][] student = ToyRows.Random(new Random(1), 4, 5, 4), teacher = ToyRows.Random(new Random(2), 4, 5, 4);
        DivergenceObjectiveRecipe objective = new();
        double[] divergence = ToyRows.Doubles(ObjectiveFactory.Create(objective).Evaluate(ToyRows.From(student, teacher)).Signals.Divergence_N!);
        double[] ordered = [.. divergence.Order()];
        double bound = (ordered[1] + ordered[2]) / 2;
        foreach (ClipDivergenceRecipe recipe in new[] { new ClipDivergenceRecipe { Max = bound }, new ClipDivergenceRecipe { Max = 1e-9, Quantile = .5 } })
        {
            TokenRows rows = StabilizerRows.Apply(ToyRows.From(student, teacher, weights: [1, 1, 1, 1]), objective, recipe);
            (double loss, double[] gradient, ObjectiveResult result) = ToyRows.Run(ObjectiveFactory.Create(objective), rows);
            Assert.Equal(divergence.Average(d => Math.Min(d, bound)), loss, 1e-7); // the rows' weights are float32
            ToyRows.Close(divergence.Select(d => Math.Min(d, bound)).ToArray(), ToyRows.Doubles(result.Signals.Loss_N), 1e-6);
            ToyRows.Close(divergence, ToyRows.Doubles(result.Signals.Divergence_N!), 1e-12); // shown before the clip
            for (int n = 0; n < 4; n++) Assert.Equal(divergence[n] > bound, gradient[(5 * n)..(5 * n + 5)].All(g => g == 0));
        }
    }

    [Fact] // methods A 1: d' = d·C/sg(d) when d > C
    public void A_softly_clamped_divergence_keeps_the_direction_of_its_gradient()
    {
        TokenStatistics statistics = new() { Divergence_N = torch.tensor(new[] { .5, 4, 2 }) };
        ToyRows.Close([1, .5, 1], StabilizerRows.Weights(new SoftClampRecipe { Max = 2 }, statistics, new long[3]), 1e-12);
        ToyRows.Close([1, .5, .25], StabilizerRows.Weights(new SoftClampRecipe { Max = 2 }, StabilizerRows.Ratio(1, -4, 8), new long[3], objective: StabilizerRows.PolicyGradient), 1e-12);
    }

    [Fact] // methods B B8: loss = sum w l / max(sum w, 1); a constant w cancels unless sum w < 1: w = .1, l = 1,2,3 gives .6, not 2
    public void Normalised_weights_give_a_weighted_mean_and_a_constant_cancels()
    {
        ToyRows.Close([1, 1, 1], StabilizerRows.Weights(new NormalizeWeightsRecipe(), new TokenStatistics(), new long[3], weights: [.5, .5, .5]), 1e-12);
        double[] small = StabilizerRows.Weights(new NormalizeWeightsRecipe(), new TokenStatistics(), new long[3], weights: [.1, .1, .1]);
        Assert.Equal(.6, (small[0] * 1 + small[1] * 2 + small[2] * 3) / 3, 1e-12);
        ToyRows.Close([.48, 1.92, 0, 1.6], StabilizerRows.Weights(new NormalizeWeightsRecipe { Over = "step" }, new TokenStatistics(), [0, 0, 1, 1], weights: [.6, 2.4, 0, 2]), 1e-12);
    }
}
