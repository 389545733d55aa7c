using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Stabilizers.Terms;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Stabilizers;

/// <summary>Golden numbers of what looks at whole responses: methods B B5 (Uni-OPD) and B8 (UniSD), methods A 2 (Welford); and of added losses.</summary>
public sealed class ResponseTests
{
    private static readonly double[] s_means = [-.2, -.5, -.1, -.05]; // methods B B5: the first two are correct
    private static readonly double[] s_rewards = [1, 1, 0, 0];

    [Fact] // methods B B5: mean, delta .4, both -> (.1375, -.1625 | -.4375, -.3875), new gap exactly .4
    public void The_margin_shift_has_the_golden_means()
    {
        double[] shifted = Shifted(new MarginShiftRecipe());
        ToyRows.Close([.1375, -.1625, -.4375, -.3875], shifted, 1e-12);
        Assert.Equal(.4, (shifted[0] + shifted[1] - shifted[2] - shifted[3]) / 2, 1e-12);
    }

    [Fact]
    public void The_margin_shift_moves_the_class_it_is_told_to()
    {
        ToyRows.Close([-.2 + .675, -.5 + .675, -.1, -.05], Shifted(new MarginShiftRecipe { Direction = "up" }), 1e-12);
        ToyRows.Close([-.2, -.5, -.1 - .675, -.05 - .675], Shifted(new MarginShiftRecipe { Direction = "down" }), 1e-12);
        double[] minmax = Shifted(new MarginShiftRecipe { Statistic = "minmax" });
        Assert.Equal(.4, minmax[..2].Min() - minmax[2..].Max(), 1e-12);
    }

    [Fact] // methods B B5: gap >= delta -> bit-identical; an empty class -> untouched; teacher = student -> +-delta/2
    public void The_margin_shift_acts_only_where_the_gap_is_too_small()
    {
        TokenRows wide = Rows(new MarginShiftRecipe { Delta = -.3 }, s_means, s_rewards);
        Assert.Null(wide.AdvantageShift_N);
        Assert.Null(Rows(new MarginShiftRecipe(), s_means, [1, 1, 1, 1]).AdvantageShift_N);
        ToyRows.Close([.2, -.2], ToyRows.Doubles(Rows(new MarginShiftRecipe(), [0, 0], [1, 0]).AdvantageShift_N!), 1e-12);
    }

    [Fact] // methods B B5: differences between tokens of a response stay; the mean is over its tokens
    public void The_shift_is_one_number_a_response_and_reaches_the_advantage()
    {
        TokenRows rows = StabilizerRows.Batch(1);
        TokenRows shifted = StabilizerRows.Apply(rows, StabilizerRows.PolicyGradient, new MarginShiftRecipe { Delta = 5 });
        double[] shift = ToyRows.Doubles(shifted.AdvantageShift_N!);
        Assert.Single(shift[..4].Distinct());
        IObjective objective = ObjectiveFactory.Create(StabilizerRows.PolicyGradient);
        ToyRows.Close(ToyRows.Doubles(objective.Evaluate(rows).Signals.Advantage_N!).Zip(shift, (a, s) => a + s).ToArray(), ToyRows.Doubles(objective.Evaluate(shifted).Signals.Advantage_N!), 1e-12);
    }

    [Fact]
    public void Scope_says_who_is_compared()
    {
        long[] groups = [0, 1, 0, 1];
        double[] group = ToyRows.Doubles(Rows(new MarginShiftRecipe(), s_means, s_rewards, groups).AdvantageShift_N!);
        ToyRows.Close([.25, .425, -.25, -.425], group, 1e-12);
        double[] batch = ToyRows.Doubles(Rows(new MarginShiftRecipe { Scope = "batch" }, s_means, s_rewards, groups).AdvantageShift_N!);
        ToyRows.Close([.3375, .3375, -.3375, -.3375], batch, 1e-12);
    }

    [Fact] // methods B B5: the mask never empties a class, and no step of it narrows the gap
    public void The_margin_mask_drops_the_worst_offender_first()
    {
        double[] means = [.3, -.9, .1, -.4, .2, -.1];
        double[] rewards = [1, 1, 1, 0, 0, 0];
        Assert.Equal([1, 0, 1, 1, 1, 1], ToyRows.Doubles(Rows(new MarginMaskRecipe { Delta = .2 }, means, rewards).Weights_N)); // mean .2 against -.1
        Assert.Equal([1, 0, 0, 1, 0, 0], ToyRows.Doubles(Rows(new MarginMaskRecipe { Delta = 9 }, means, rewards).Weights_N));
        Assert.Equal([1, 0, 1, 1, 0, 1], ToyRows.Doubles(Rows(new MarginMaskRecipe { Delta = 9, Keep = .6 }, means, rewards).Weights_N));
        double gap = double.NegativeInfinity;
        for (double delta = -1; delta < 1; delta += .05)
        {
            double[] kept = ToyRows.Doubles(Rows(new MarginMaskRecipe { Delta = delta, Statistic = "minmax" }, means, rewards).Weights_N);
            double now = Enumerable.Range(0, 3).Where(b => kept[b] > 0).Min(b => means[b]) - Enumerable.Range(3, 3).Where(b => kept[b] > 0).Max(b => means[b]);
            Assert.True(now >= gap);
            gap = now;
        }
    }

    [Theory] // methods B B5: balance yields the exact ratio and depends on the seed alone
    [InlineData(1.0, 3, 3)]
    [InlineData(0.5, 1, 3)]
    [InlineData(0.0, 0, 3)]
    [InlineData(2.0, 5, 2)]
    [InlineData(1000.0, 5, 1)]
    public void The_balance_is_exact(double ratio, int correct, int wrong)
    {
        double[] rewards = [1, 1, 1, 1, 1, 0, 0, 0];
        double[] weights = ToyRows.Doubles(Rows(new DataBalanceRecipe { Ratio = ratio }, new double[8], rewards).Weights_N);
        Assert.Equal((correct, wrong), (weights[..5].Count(w => w > 0), weights[5..].Count(w => w > 0)));
        Assert.Equal(weights, ToyRows.Doubles(Rows(new DataBalanceRecipe { Ratio = ratio }, new double[8], rewards).Weights_N));
        Assert.Equal([1, 1], ToyRows.Doubles(Rows(new DataBalanceRecipe { Ratio = ratio }, new double[2], [1, 1]).Weights_N)); // an empty class
    }

    [Fact] // methods B B8: dis = (.28, 0), gamma 1 -> n = (1.052632, 0), w = (.487179, 1)
    public void Agreement_has_the_golden_weights()
    {
        torch.Tensor contexts = torch.tensor(new double[] { -1, -1.28, -2, -2 }, [2, 2]);
        AgreementRecipe recipe = new() { Gamma = 1, Spread = "range" };
        ToyRows.Close([.487179, 1], StabilizerRows.Weights(recipe, new TokenStatistics { ContextLogprobs_NK = contexts }, [0, 0]), 1e-6);
    }

    [Fact] // methods B B8: identical contexts -> 1; token variance unbiased, sequence variance biased; floors
    public void Agreement_measures_spread_as_the_released_code_does()
    {
        TokenStatistics same = new() { ContextLogprobs_NK = torch.tensor(new double[] { -1, -1, -1, -2, -2, -2 }, [2, 3]) };
        ToyRows.Close([1, 1], StabilizerRows.Weights(new AgreementRecipe { Gamma = 1 }, same, [0, 0]), 1e-12);
        TokenStatistics apart = new() { ContextLogprobs_NK = torch.tensor(new double[] { -1, -3, -1, -3 }, [2, 2]) };
        ToyRows.Close([.5, .5], StabilizerRows.Weights(new AgreementRecipe { Gamma = 1 }, apart, [0, 1]), 1e-12);
        ToyRows.Close([.01, .01], StabilizerRows.Weights(new AgreementRecipe { Gamma = 1e9 }, apart, [0, 1]), 1e-12);
        ToyRows.Close([Math.Exp(-1), Math.Exp(-1)], StabilizerRows.Weights(new AgreementRecipe { Gamma = 1, Level = "sequence" }, apart, [0, 0]), 1e-12);
        ToyRows.Close([1e-6, 1e-6], StabilizerRows.Weights(new AgreementRecipe { Gamma = 1e9, Level = "sequence" }, apart, [0, 0]), 1e-12);
        OpdException one = Assert.Throws<OpdException>(() => StabilizerRows.Weights(new AgreementRecipe(), new TokenStatistics { ContextLogprobs_NK = torch.zeros(2, 1) }, [0, 0]));
        Assert.Equal(ErrorCodes.ObjectiveInputMissing, one.Code);
    }

    [Fact] // methods A 2: Welford mean and variance equal the two-pass ones
    public void Welford_equals_two_passes_over_all_rewards_so_far()
    {
        WelfordWhitening whitening = new(new WelfordWhiteningRecipe(), "stabilizer.welford-whitening");
        Random random = new(1);
        List<double> all = [];
        for (int step = 1; step <= 5; step++)
        {
            double[] rewards = Enumerable.Range(0, 4).Select(_ => 1e3 + random.NextDouble()).ToArray();
            all.AddRange(rewards);
            double mean = all.Average(), spread = Math.Sqrt(all.Average(r => (r - mean) * (r - mean)));
            ToyRows.Close(rewards.Select(r => (r - mean) / (spread + 1e-6)).ToArray(), Whitened(whitening, rewards), 1e-9);
        }
    }

    [Fact]
    public void The_first_and_equal_rewards_have_no_advantage()
    {
        WelfordWhitening whitening = new(new WelfordWhiteningRecipe(), "w");
        Assert.Equal([0], Whitened(whitening, [.7]));
        Assert.Equal([0, 0, 0], Whitened(whitening, [.7, .7, .7]));
    }

    [Fact]
    public void Running_means_survive_a_checkpoint_bit_for_bit()
    {
        WelfordWhitening one = new(new WelfordWhiteningRecipe(), "w"), two = new(new WelfordWhiteningRecipe(), "w");
        Whitened(one, [.1, .7, .3]);
        using MethodSnapshot snapshot = one.Capture();
        two.Restore(snapshot);
        Assert.Equal(Whitened(one, [.2, .9]), Whitened(two, [.2, .9]));
        Assert.Equal(ErrorCodes.CheckpointInvalid, Assert.Throws<OpdException>(() => two.Restore(new MethodSnapshot(new Dictionary<string, torch.Tensor>(), new Dictionary<string, double>()))).Code);
    }

    [Fact] // methods B B8: T+ = T- -> relu(margin)
    public void The_contrastive_term_is_its_margin_where_both_contexts_agree()
    {
        TokenRows rows = StabilizerRows.Batch(3);
        TokenRows same = rows with { ContrastLogprobs_N = ObjectiveFactory.Create(StabilizerRows.PolicyGradient).Evaluate(rows).Signals.TeacherLogprob_N };
        (torch.Tensor loss, torch.Tensor loss_N) = new ContrastiveTerm(new ContrastiveRecipe()).Evaluate(same);
        Assert.Equal(.05, loss.ToDouble(), 1e-12);
        loss.backward();
        Assert.All(ToyRows.Doubles(loss_N), l => Assert.Equal(.05, l, 1e-12));
    }

    [Fact] // methods B B8: feature loss 0 for equal models
    public void Features_of_equal_models_match_and_other_widths_are_refused()
    {
        TokenRows rows = StabilizerRows.Batch(3);
        Assert.Equal(0, new FeatureMatchTerm(new FeatureMatchRecipe()).Evaluate(rows with { TeacherHidden_NM = rows.StudentHidden_ND.detach() }).Loss.ToDouble());
        double[] s = ToyRows.Doubles(rows.StudentHidden_ND), t = ToyRows.Doubles(rows.TeacherHidden_NM!);
        Assert.Equal(.1 * s.Zip(t, (a, b) => (a - b) * (a - b)).Average(), new FeatureMatchTerm(new FeatureMatchRecipe()).Evaluate(rows).Loss.ToDouble(), 1e-12);
        Assert.Equal(ErrorCodes.ObjectiveRefused, Assert.Throws<OpdException>(() => new FeatureMatchTerm(new FeatureMatchRecipe()).Evaluate(rows with { TeacherHidden_NM = torch.zeros(12, 5) })).Code);
    }

    [Fact] // methods B A1 (f): tau = infinity -> plain; tau = -infinity -> reverse KL + alpha·FKL; the same as the entropy-aware divergence
    public void The_gated_forward_kl_is_the_second_half_of_the_entropy_aware_divergence()
    {
        TokenRows rows = StabilizerRows.Batch(4);
        foreach (double threshold in new[] { -1e9, 1.5, 1e9 })
        {
            DivergenceObjectiveRecipe whole = new() { Divergence = "entropy-aware", EntropyThreshold = threshold, Coefficient = .7, TopK = 4 }, half = new();
            EntropyGatedForwardKlRecipe added = new() { Threshold = threshold, Coefficient = .7, TopK = 4 };
            StabilizerPipeline pipeline = StabilizerFactory.Create([added], half, 1);
            (double loss, double[] gradient, _) = ToyRows.Run(pipeline.WithTerms(ObjectiveFactory.Create(half)), StabilizerRows.Apply(StabilizerRows.Batch(4), half, added));
            (double expected, double[] expectedGradient, _) = ToyRows.Run(ObjectiveFactory.Create(whole), StabilizerRows.Batch(4));
            Assert.Equal(expected, loss, 1e-12);
            ToyRows.Close(expectedGradient, gradient, 1e-12);
        }
    }

    [Theory] // SEAD: from forward to reverse; step 1 has the start, step 1 + annealSteps and all later ones the end
    [InlineData("linear", 1, .8)]
    [InlineData("linear", 3, .5)]
    [InlineData("linear", 5, .2)]
    [InlineData("linear", 999, .2)]
    [InlineData("cosine", 1, .8)]
    [InlineData("cosine", 2, .7121320343559643)] // .2 + .6·(1 + cos 45°)/2
    [InlineData("cosine", 3, .5)]
    [InlineData("cosine", 5, .2)]
    public void The_gated_forward_kl_is_annealed_with_the_steps(string annealing, int step, double expected)
    {
        EntropyGatedForwardKlRecipe annealed = new() { Threshold = .1, Coefficient = .8, EndCoefficient = .2, AnnealSteps = 4, Annealing = annealing, TopK = 4 };
        DivergenceObjectiveRecipe objective = new();
        (double Loss, double[] Gradient) At(EntropyGatedForwardKlRecipe recipe, int at)
        {
            StabilizerPipeline pipeline = StabilizerFactory.Create([recipe], objective, 1);
            (double loss, double[] gradient, _) = ToyRows.Run(pipeline.WithTerms(ObjectiveFactory.Create(objective)), pipeline.Apply(StabilizerRows.Batch(4), new TokenStatistics(), new StepContext(at, 1, ObjectiveFactory.Create(objective))));
            return (loss, gradient);
        }
        (double loss, double[] gradient) = At(annealed, step);
        (double constant, double[] same) = At(new EntropyGatedForwardKlRecipe { Threshold = .1, Coefficient = expected, TopK = 4 }, step);
        Assert.Equal(constant, loss, 1e-12);
        ToyRows.Close(same, gradient, 1e-12);
    }

    [Fact]
    public void A_gated_forward_kl_that_was_annealed_away_leaves_the_objective_bit_for_bit()
    {
        TokenRows rows = StabilizerRows.Batch(4);
        GatedForwardKlTerm gone = (GatedForwardKlTerm)((ILossTerm)new GatedForwardKlTerm(new EntropyGatedForwardKlRecipe { AnnealSteps = 2 }, LossNormalization.Tokens)).At(3);
        IObjective objective = ObjectiveFactory.Create(new DivergenceObjectiveRecipe());
        (double plain, double[] gradient, _) = ToyRows.Run(objective, rows);
        (double loss, double[] same, ObjectiveResult result) = ToyRows.Run(new TermedObjective(objective, [gone]), StabilizerRows.Batch(4) with { Terms = [gone] });
        Assert.Equal(plain, loss);
        Assert.Equal(gradient, same);
        Assert.All(ToyRows.Doubles(result.Signals.Terms["entropy-gated-forward-kl"]), l => Assert.Equal(0, l));
    }

    [Theory]
    [InlineData("margin-shift", "divergence")]
    [InlineData("clip-divergence", "policy-gradient")]
    [InlineData("entropy-gate", "supervised")]
    [InlineData("data-balance", "preference")]
    [InlineData("soft-clamp", "group-reward")]
    public void What_means_nothing_is_refused_with_the_reason(string kind, string objective)
    {
        StabilizerRecipe stabilizer = StabilizerRows.Every.Single(s => StabilizerFit.KindOf(s) == kind);
        ObjectiveRecipe recipe = objective switch
        {
            "divergence" => new DivergenceObjectiveRecipe(), "policy-gradient" => new PolicyGradientObjectiveRecipe(), "supervised" => new SupervisedObjectiveRecipe(),
            "preference" => new PreferenceObjectiveRecipe(), _ => new GroupRewardObjectiveRecipe(),
        };
        OpdException error = Assert.Throws<OpdException>(() => StabilizerFactory.Create([stabilizer], recipe, 1));
        Assert.Equal(ErrorCodes.ObjectiveRefused, error.Code);
        Assert.Contains(kind, error.Message, StringComparison.Ordinal);
    }

    private static TokenRows Rows(StabilizerRecipe recipe, double[] means, double[] rewards, long[]? groups = null) =>
        StabilizerRows.Rows(recipe, StabilizerRows.Ratio(means), [.. Enumerable.Range(0, means.Length).Select(b => (long)b)], rewards: rewards, groups: groups);

    private static double[] Shifted(MarginShiftRecipe recipe) => s_means.Zip(ToyRows.Doubles(Rows(recipe, s_means, s_rewards).AdvantageShift_N!), (m, s) => m + s).ToArray();

    private static double[] Whitened(WelfordWhitening whitening, double[] rewards)
    {
        TokenRows rows = StabilizerRows.Batch(1) with { Rewards_B = torch.tensor(rewards) };
        return ToyRows.Doubles(whitening.Apply(rows, new TokenStatistics(), new StepContext(1, 1, ObjectiveFactory.Create(new GroupRewardObjectiveRecipe()))).SequenceAdvantages_B!);
    }
}
