using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Stabilizers;

/// <summary>Golden numbers of the gates and magnitudes: methods A 2 (EGRSD, RLSD), 8 (GUI-SD), methods B C (IW-OPD), B2 (SOD).</summary>
public sealed class GateTests
{
    [Theory] // methods A 2: RLSD golden, eps .2
    [InlineData(1, .1, 1.105171)]
    [InlineData(1, 1, 1.2)]
    [InlineData(-1, .1, .904837)]
    [InlineData(-1, 1, .8)]
    [InlineData(1, -1, .8)]
    public void The_ratio_magnitude_follows_the_direction_of_the_reward(double advantage, double delta, double expected)
    {
        // Two responses of one group: the first is better or worse than the second.
        double[] weights = StabilizerRows.Weights(new RatioMagnitudeRecipe(), StabilizerRows.Ratio(delta, 0), [0, 1], rewards: [advantage > 0 ? 1 : 0, advantage > 0 ? 0 : 1], objective: new GroupRewardObjectiveRecipe());
        Assert.Equal(expected, weights[0], 1e-6);
        Assert.Equal(1, weights[1], 1e-12);
    }

    [Fact]
    public void Without_rewards_the_direction_is_the_sign_of_the_log_ratio() =>
        ToyRows.Close([Math.Exp(.1), Math.Exp(.1), 1.2, 1], StabilizerRows.Weights(new RatioMagnitudeRecipe(), StabilizerRows.Ratio(.1, -.1, -3, 0), [0, 0, 0, 0]), 1e-12);

    [Fact]
    public void A_response_without_advantage_keeps_its_weight() => // methods A 2: A_i = 0 gives zero gradient, and sign 0 a ratio of 1
        ToyRows.Close([1, 1], StabilizerRows.Weights(new RatioMagnitudeRecipe(), StabilizerRows.Ratio(.5, -.5), [0, 1], rewards: [1, 1], objective: new GroupRewardObjectiveRecipe()), 0);

    [Fact]
    public void Mix_blends_towards_one_and_has_a_warm_up_and_a_decay()
    {
        double full = Math.Exp(.1);
        ToyRows.Close([1 + .5 * (full - 1)], StabilizerRows.Weights(new RatioMagnitudeRecipe { Mix = .5 }, StabilizerRows.Ratio(.1), [0]), 1e-12);
        RatioMagnitude schedule = new(new RatioMagnitudeRecipe { Mix = .8, WarmupSteps = 3, DecaySteps = 4 });
        ToyRows.Close([.2, .4, .6, .8, .6, .4, .2, 0, 0], Enumerable.Range(1, 9).Select(schedule.Mix).ToArray(), 1e-12);
        Assert.Equal([.8, .8], Enumerable.Range(1, 2).Select(new RatioMagnitude(new RatioMagnitudeRecipe { Mix = .8 }).Mix));
    }

    [Fact]
    public void The_sign_of_the_weighted_advantage_is_that_of_the_advantage() =>
        Assert.All(ToyRows.Doubles(StabilizerRows.Apply(StabilizerRows.Batch(1), new GroupRewardObjectiveRecipe(), new RatioMagnitudeRecipe(), new EntropyGateRecipe { Gamma = 5 }).Weights_N), w => Assert.True(w > 0));

    [Fact] // methods A 2: gate golden, gamma .1, H/Hmax {0, .5, 1} -> {1, .95, .9}
    public void The_entropy_gate_has_the_golden_weights()
    {
        ToyRows.Close([1, .95, .9], Gate(new EntropyGateRecipe(), [0, 1, 2]), 1e-12);
        ToyRows.Close([1, .95, .97], Gate(new EntropyGateRecipe(), [0, .5, .3]), 1e-12); // the maximum is floored at 1 nat
    }

    [Fact] // methods A 2: the floor binds only if gamma > .9
    public void The_floor_binds_only_above_its_complement()
    {
        ToyRows.Close([1, .1], Gate(new EntropyGateRecipe { Gamma = .9 }, [0, 2]), 1e-12);
        ToyRows.Close([1, .1], Gate(new EntropyGateRecipe { Gamma = 3 }, [0, 2]), 1e-12);
    }

    [Fact]
    public void A_certain_teacher_keeps_weight_one() => Assert.Equal([1, 1], Gate(new EntropyGateRecipe { Gamma = .3 }, [0, 0]));

    [Fact] // methods A 2: min filter golden, W = 1
    public void Lookahead_takes_the_minimum_over_what_follows_in_the_response()
    {
        double[] entropy = [.2, 2, .1, 1.5, 1.6, 1.7], least = [.2, .1, .1, 1.5, 1.6, 1.7];
        ToyRows.Close(least.Select(h => 1 - .1 * h / 1.7).ToArray(), Gate(new EntropyGateRecipe { Lookahead = 1 }, entropy), 1e-12);
        ToyRows.Close(least.Select(h => 1 - .1 * h / 2).ToArray(), Gate(new EntropyGateRecipe { Lookahead = 1, Maximum = "raw" }, entropy), 1e-12);
        // A response ends: the next one's certainty restores nothing.
        ToyRows.Close([.9, .995], Gate(new EntropyGateRecipe { Lookahead = 3 }, [2, .1], [0, 1]), 1e-12);
    }

    [Fact] // methods A 2: omega_CL >= omega pointwise with the same normaliser; W = 0 is EGRSD
    public void Lookahead_never_lowers_a_weight_with_the_same_normalizer()
    {
        double[] entropy = Enumerable.Range(0, 40).Select(i => new Random(i).NextDouble() * 3).ToArray();
        double[] plain = Gate(new EntropyGateRecipe { Maximum = "raw" }, entropy), ahead = Gate(new EntropyGateRecipe { Maximum = "raw", Lookahead = 4 }, entropy);
        Assert.All(plain.Zip(ahead), w => Assert.True(w.Second >= w.First));
        Assert.Equal(plain, Gate(new EntropyGateRecipe { Maximum = "filtered", Lookahead = 0 }, entropy));
        Assert.Equal(Gate(new EntropyGateRecipe { Lookahead = 39 }, entropy), Gate(new EntropyGateRecipe { Lookahead = int.MaxValue }, entropy));
    }

    [Fact] // methods A 8: uniform T -> 0 (code) or exp(-ln V / tau) (paper); one-hot -> 1
    public void Confidence_has_both_forms()
    {
        ToyRows.Close([0, 1, .5], Confidence(new ConfidenceRecipe(), [Math.Log(2), 0, Math.Log(2) / 2]), 1e-12);
        ToyRows.Close([Math.Exp(-Math.Log(2) / 3), 1], Confidence(new ConfidenceRecipe { Form = "exponential", Temperature = 3 }, [Math.Log(2), 0]), 1e-12);
        ToyRows.Close([.75], Confidence(new ConfidenceRecipe { Mix = .25 }, [Math.Log(2)]), 1e-12);
    }

    [Theory] // methods A 8: "1920" with max 3 -> [3,3,2,1], unlimited -> [4,3,2,1]; runs are independent
    [InlineData(3, "1|9|2|0", new[] { 3.0, 3, 2, 1 })]
    [InlineData(0, "1|9|2|0", new[] { 4.0, 3, 2, 1 })]
    [InlineData(0, "1|9|,|2|0", new[] { 2.0, 1, .1, 2, 1 })]
    [InlineData(3, "( |▁1|2 |)|3.|a1|", new[] { .1, 2, 1, .1, .1, .1, .1 })]
    [InlineData(1, "1|9|x", new[] { 1.0, 1, .1 })]
    public void Digits_weigh_by_their_place(int most, string texts, double[] expected)
    {
        string[] tokens = texts.Split('|');
        ToyRows.Close(expected, StabilizerRows.Weights(new DigitPlaceRecipe { MaxDigits = most, OtherWeight = .1 }, new TokenStatistics { Texts_N = tokens }, new long[tokens.Length]), 1e-12);
    }

    [Fact]
    public void A_run_of_digits_ends_with_its_response() =>
        ToyRows.Close([2, 1, 1], StabilizerRows.Weights(new DigitPlaceRecipe(), new TokenStatistics { Texts_N = ["1", "2", "3"] }, [0, 0, 1]), 1e-12);

    [Fact] // methods B C: A = (.1, -.4, .2) -> w = (1.5, 1.428571, 1.142857)
    public void The_prefix_weight_has_the_golden_weights()
    {
        double[] weights = StabilizerRows.Weights(new PrefixWeightRecipe(), StabilizerRows.Ratio(.1, -.4, .2, 0, 0, .7), [0, 0, 0, 1, 1, 2]);
        ToyRows.Close([1.5, 1.428571, 1.142857, 1.5, 1.5, 1.5], weights, 1e-6); // no disagreement at all: as at a first token
    }

    [Fact] // methods B B2: d = (.4, .2, .8, 1.6, .4), delta .2 -> w = (1, 1.2, .500001, .250000, 1)
    public void Turns_weigh_by_the_drift_of_the_first()
    {
        TokenStatistics statistics = StabilizerRows.Ratio(.4, -.3, .1, .8, -1.6, .4) with { Turn_N = [0, 1, 1, 2, 3, 4] };
        ToyRows.Close([1, 1.2, 1.2, .500001, .250000, 1], StabilizerRows.Weights(new StepWeightRecipe(), statistics, new long[6]), 1e-6);
    }

    [Fact] // methods B B2: constant d -> 1; K = 1 -> identity; telescoping identity against the running product; tool tokens weigh 0
    public void Turn_weights_are_the_running_product_clipped_at_the_end()
    {
        double[] drift = Enumerable.Range(0, 12).Select(i => .1 + new Random(i).NextDouble()).ToArray();
        double[] weights = StabilizerRows.Weights(new StepWeightRecipe { Delta = .3 }, StabilizerRows.Ratio(drift) with { Turn_N = [.. Enumerable.Range(0, 12)] }, new long[12]);
        double product = 1;
        for (int k = 1; k < 12; k++)
        {
            product *= (drift[k - 1] + 1e-6) / (drift[k] + 1e-6);
            Assert.Equal(Math.Min(product, 1.3), weights[k], 1e-12);
        }
        ToyRows.Close([1, 1, 0, 1], StabilizerRows.Weights(new StepWeightRecipe(), StabilizerRows.Ratio(.3, -.3, 9, .3) with { Turn_N = [0, 0, -1, 1] }, new long[4]), 1e-12);
        ToyRows.Close([1, 1], StabilizerRows.Weights(new StepWeightRecipe(), StabilizerRows.Ratio(0, 0) with { Turn_N = [0, 1] }, new long[2]), 1e-12); // teacher = student: ε/ε
        TokenRows one = StabilizerRows.Rows(new StepWeightRecipe(), StabilizerRows.Ratio(.3, .9) with { Turn_N = [0, 0] }, new long[2]);
        Assert.Equal([1, 1], ToyRows.Doubles(one.Weights_N));
    }

    private static double[] Gate(EntropyGateRecipe recipe, double[] entropy, long[]? sequence = null) =>
        StabilizerRows.Weights(recipe, new TokenStatistics { TeacherEntropy_N = torch.tensor(entropy) }, sequence ?? new long[entropy.Length]);

    private static double[] Confidence(ConfidenceRecipe recipe, double[] entropy) =>
        StabilizerRows.Weights(recipe, new TokenStatistics { TeacherEntropy_N = torch.tensor(entropy) }, new long[entropy.Length]);
}
