using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>GRPO, Dr.GRPO, DAPO and the pair loss (methods B A4; methods A 5, 6).</summary>
public sealed class GroupRewardTests
{
    private static readonly double[] s_rewards = [1, 0, 0, 1, .5, 0, 0, 0];
    private static readonly long[] s_oneGroup = new long[8];

    [Fact]
    public void Advantages_match_the_golden_table()
    {
        ToyRows.Close([1.500559, -.682072, -.682072, 1.500559, .409243, -.682072, -.682072, -.682072], GroupAdvantages.Compute(s_rewards, s_oneGroup, "group"), 1e-6);
        ToyRows.Close([.6875, -.3125, -.3125, .6875, .1875, -.3125, -.3125, -.3125], GroupAdvantages.Compute(s_rewards, s_oneGroup, "none"), 1e-12);
        ToyRows.Close([.2, .2, -.4, 0], GroupAdvantages.Compute([.7, .7, .1, .5], new long[4], "none"), 1e-12);
    }

    [Theory]
    [InlineData("group")]
    [InlineData("batch")]
    [InlineData("none")]
    public void Advantages_sum_to_zero_in_each_group_and_equal_rewards_give_exactly_zero(string scale)
    {
        double[] advantages = GroupAdvantages.Compute([1, 0, .3, .3, .3, .1], [7, 7, 9, 9, 9, 7], scale);
        Assert.Equal(0, advantages[0] + advantages[1] + advantages[5], 1e-12);
        Assert.All(advantages[2..5], a => Assert.Equal(0, a));
        Assert.Equal([true, true, false, false, false, true], GroupAdvantages.HaveSpread([1, 0, .3, .3, .3, .1], [7, 7, 9, 9, 9, 7]));
    }

    [Fact]
    public void Grpo_ignores_scale_and_shift_of_the_reward_and_dr_grpo_only_the_shift()
    {
        double[] Moved(double a, double b) => s_rewards.Select(r => a * r + b).ToArray();
        ToyRows.Close(GroupAdvantages.Compute(s_rewards, s_oneGroup, "group"), GroupAdvantages.Compute(Moved(10, 3), s_oneGroup, "group"), 1e-3);
        ToyRows.Close(GroupAdvantages.Compute(s_rewards, s_oneGroup, "none"), GroupAdvantages.Compute(Moved(1, 3), s_oneGroup, "none"), 1e-12);
        Assert.Equal(2 * .6875, GroupAdvantages.Compute(Moved(2, 0), s_oneGroup, "none")[0], 1e-12);
    }

    [Fact]
    public void The_overlong_penalty_falls_over_the_buffer()
    {
        Assert.Equal([0, -.5, -1], new[] { 19456, 19968, 20480 }.Select(n => GroupAdvantages.OverlongPenalty(n, 20480, 1024, 1)));
        Assert.Equal(0, GroupAdvantages.OverlongPenalty(100, 20480, 1024, 1));
        Assert.Equal(0, GroupAdvantages.OverlongPenalty(30000, 20480, 0, 1));
    }

    [Theory]
    [InlineData("grpo")]
    [InlineData("dr-grpo")]
    [InlineData("dapo")]
    public void The_loss_is_the_advantage_weighted_by_each_estimators_normaliser(string estimator)
    {
        // Two sequences of 1 and 3 tokens, rewards 1 and 0.
        IObjective objective = ObjectiveFactory.Create(new GroupRewardObjectiveRecipe { Estimator = estimator, MaxLength = 10 });
        TokenRows rows = Rows([1, 0], [0, 0], [1, 3]);
        double a = GroupAdvantages.Compute([1, 0], [0, 0], estimator == "dr-grpo" ? "none" : "group")[0];
        double expected = estimator switch { "grpo" => (-a + a) / 2, "dapo" => (-a + 3 * a) / 4, _ => (-a + 3 * a) / 20 };
        Assert.Equal(expected, ToyRows.Run(objective, rows).Loss, 1e-12);
        Assert.False(objective.NeedsTeacher);
    }

    [Theory]
    [InlineData("grpo")]
    [InlineData("dapo")]
    public void Equal_rewards_give_zero_gradient(string estimator) =>
        Assert.All(ToyRows.Run(ObjectiveFactory.Create(new GroupRewardObjectiveRecipe { Estimator = estimator }), Rows([.5, .5], [0, 0], [2, 3])).Gradient, g => Assert.Equal(0, g));

    [Fact]
    public void Grpo_and_dapo_agree_where_all_lengths_are_equal()
    {
        GroupRewardObjectiveRecipe grpo = new() { Estimator = "grpo" }, dapo = new() { Estimator = "dapo" };
        ToyRows.Close(ToyRows.Run(ObjectiveFactory.Create(grpo), Rows([1, 0], [0, 0], [3, 3])).Gradient, ToyRows.Run(ObjectiveFactory.Create(dapo), Rows([1, 0], [0, 0], [3, 3])).Gradient, 1e-15);
        Assert.NotEqual(ToyRows.Run(ObjectiveFactory.Create(grpo), Rows([1, 0], [0, 0], [1, 3])).Gradient, ToyRows.Run(ObjectiveFactory.Create(dapo), Rows([1, 0], [0, 0], [1, 3])).Gradient);
    }

    [Fact]
    public void A_distillation_coefficient_of_zero_is_the_reward_alone_bit_for_bit_and_one_adds_the_log_ratio()
    {
        GroupRewardObjectiveRecipe plain = new();
        TokenRows With() => Rows([1, 0], [0, 0], [2, 3]);
        double[] alone = ToyRows.Run(ObjectiveFactory.Create(plain), With()).Gradient;
        Assert.Equal(alone, ToyRows.Run(ObjectiveFactory.Create(plain with { Distillation = new() { Coefficient = 0 } }), With()).Gradient);
        (_, double[] mixed, ObjectiveResult result) = ToyRows.Run(ObjectiveFactory.Create(plain with { Distillation = new() }), With());
        Assert.NotEqual(alone, mixed);
        double expected = GroupAdvantages.Compute([1, 0], [0, 0], "group")[0] + (result.Signals.TeacherLogprob_N! - result.Signals.StudentLogprob_N)[0].ToDouble();
        Assert.Equal(expected, result.Signals.Advantage_N![0].ToDouble(), 1e-12);
    }

    [Fact]
    public void Advantages_of_the_whole_step_are_taken_as_given()
    {
        TokenRows rows = Rows([1, 0], [0, 0], [2, 3]) with { Rewards_B = null, Groups_B = null, SequenceAdvantages_B = torch.tensor(new[] { 2.0, -1 }) };
        ObjectiveResult result = ToyRows.Run(ObjectiveFactory.Create(new GroupRewardObjectiveRecipe()), rows).Result;
        ToyRows.Close([2, 2, -1, -1, -1], ToyRows.Doubles(result.Signals.Advantage_N!), 0);
    }

    [Fact]
    public void Missing_rewards_and_lengths_are_named()
    {
        TokenRows rows = Rows([1, 0], [0, 0], [2, 3]) with { Rewards_B = null };
        Assert.Equal(ErrorCodes.ObjectiveInputMissing, Assert.Throws<OpdException>(() => ObjectiveFactory.Create(new GroupRewardObjectiveRecipe()).Evaluate(rows)).Code);
        Assert.Equal(ErrorCodes.ObjectiveInvalid, Assert.Throws<OpdException>(() => ObjectiveFactory.Create(new GroupRewardObjectiveRecipe { Estimator = "dr-grpo" })).Code);
        Assert.Equal(ErrorCodes.ObjectiveInvalid, Assert.Throws<OpdException>(() => ObjectiveFactory.Create(new GroupRewardObjectiveRecipe { Estimator = "ppo" })).Code);
    }

    [Fact]
    public void The_pair_loss_is_ln_two_where_student_equals_teacher_and_pulls_by_half_beta()
    {
        double[][] logits = ToyRows.Random(new Random(2), 5, 4);
        IObjective objective = ObjectiveFactory.Create(new PreferenceObjectiveRecipe { Beta = .1 });
        TokenRows rows = Rows([0, 1], [0, 0], [2, 3], logits, logits);
        (double loss, double[] gradient, _) = ToyRows.Run(objective, rows);
        Assert.Equal(Math.Log(2), loss, 1e-12);
        double[] plain = ToyRows.Run(ObjectiveFactory.Create(new SupervisedObjectiveRecipe()), Rows([0, 1], [0, 0], [2, 3], logits, logits) with { Normalizer = 1 }).Gradient;
        double[] expected = plain.Select((g, i) => (i / 4 < 2 ? -1 : 1) * .05 * g).ToArray(); // sequence 1 is preferred
        ToyRows.Close(expected, gradient, 1e-12);
    }

    [Fact]
    public void The_pair_loss_matches_the_golden_margin_and_its_mirror()
    {
        // One token each: log-ratios +0.5 and −0.5.
        double[][] teacher = ToyRows.Log([.4, .6], [.4, .6]);
        double[][] student = ToyRows.Log([.4 * Math.Exp(.5), 1 - .4 * Math.Exp(.5)], [.4 * Math.Exp(-.5), 1 - .4 * Math.Exp(-.5)]);
        double Loss(double[] rewards) => ToyRows.Run(ObjectiveFactory.Create(new PreferenceObjectiveRecipe()), Rows(rewards, [0, 0], [1, 1], student, teacher)).Loss;
        Assert.Equal(0.644396660, Loss([1, 0]), 1e-9);
        Assert.Equal(1, Math.Exp(-Loss([1, 0])) + Math.Exp(-Loss([0, 1])), 1e-12);
        Assert.Equal(0, Loss([1, 1])); // no preference, no pair
    }

    [Fact]
    public void Pairs_of_a_step_count_the_same_in_any_micro_batch()
    {
        double[][] student = ToyRows.Random(new Random(3), 4, 4), teacher = ToyRows.Random(new Random(4), 4, 4);
        IObjective objective = ObjectiveFactory.Create(new PreferenceObjectiveRecipe());
        double whole = ToyRows.Run(objective, Rows([1, 0, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1], student, teacher)).Loss;
        double first = ToyRows.Run(objective, Rows([1, 0], [0, 0], [1, 1], student[..2], teacher[..2]) with { GroupNormalizer = 2 }).Loss;
        double second = ToyRows.Run(objective, Rows([0, 1], [1, 1], [1, 1], student[2..], teacher[2..]) with { GroupNormalizer = 2, SampledIds_N = torch.tensor(new long[] { 2, 3 }) }).Loss;
        Assert.Equal(whole, first + second, 1e-13);
    }

    private static TokenRows Rows(double[] rewards, long[] groups, int[] lengths, double[][]? student = null, double[][]? teacher = null)
    {
        int count = lengths.Sum();
        student ??= ToyRows.Random(new Random(1), count, 4);
        long[] ids = Enumerable.Range(0, count).Select(n => n % 4L).ToArray();
        if (student[0].Length == 2) ids = new long[count];
        return ToyRows.From(student, teacher ?? ToyRows.Random(new Random(9), count, student[0].Length), ids) with
        {
            Sequence_N = torch.tensor(lengths.SelectMany((n, b) => Enumerable.Repeat((long)b, n)).ToArray()),
            Rewards_B = torch.tensor(rewards),
            Groups_B = torch.tensor(groups),
            SequenceNormalizer = lengths.Length,
        };
    }
}
