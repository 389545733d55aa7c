using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Stabilizers;

/// <summary>What holds for every stabilizer (methods A 12 and B D2): neutrality, no gradient path, masks, order of responses, nothing of the future's content it may not see.</summary>
public sealed class StabilizerInvariantTests
{
    public static TheoryData<int> EveryIndex => [.. Enumerable.Range(0, StabilizerRows.Every.Count)];

    public static TheoryData<int> NeutralIndex => [.. Enumerable.Range(0, StabilizerRows.Neutral.Count)];

    [Fact]
    public void Every_kind_of_the_schema_is_in_these_tests() =>
        Assert.Equal(StabilizerFit.Kinds.Order(), StabilizerRows.Every.Select(StabilizerFit.KindOf).Order());

    [Theory, MemberData(nameof(NeutralIndex))]
    public void A_neutral_setting_leaves_every_row_bit_for_bit(int index)
    {
        StabilizerRecipe recipe = StabilizerRows.Neutral[index];
        TokenRows rows = StabilizerRows.Batch(1, [.3, .7, 1, 2, 1, 1, 1, 0, 1, 1, 1, 1]);
        TokenRows after = StabilizerRows.Apply(rows, StabilizerRows.ObjectiveFor(recipe), recipe);
        Assert.Same(rows.Weights_N, after.Weights_N);
        Assert.Same(rows.AdvantageShift_N, after.AdvantageShift_N);
        Assert.Null(after.ConstantLoss_N);
        Assert.Null(after.Skew_N);
        Assert.Same(rows.SequenceAdvantages_B, after.SequenceAdvantages_B);
        Assert.Empty(after.Terms);
    }

    [Fact]
    public void No_stabilizers_give_the_same_instance()
    {
        TokenRows rows = StabilizerRows.Batch(1);
        Assert.Same(rows, StabilizerRows.Apply(rows, StabilizerRows.PolicyGradient));
    }

    [Theory, MemberData(nameof(EveryIndex))]
    public void Each_changes_something_and_carries_no_gradient(int index)
    {
        StabilizerRecipe recipe = StabilizerRows.Every[index];
        TokenRows rows = StabilizerRows.Batch(2, [1, .5, 1, 1, 1, 1, 1, 1, 1, 1, 1, .5]);
        TokenRows after = StabilizerRows.Apply(rows, StabilizerRows.ObjectiveFor(recipe), recipe);
        bool weights = !ToyRows.Doubles(after.Weights_N).SequenceEqual(ToyRows.Doubles(rows.Weights_N));
        Assert.True(weights || after.AdvantageShift_N is not null || after.SequenceAdvantages_B is not null || after.Skew_N is not null || after.Terms.Count > 0);
        foreach (torch.Tensor? tensor in new[] { after.Weights_N, after.AdvantageShift_N, after.ConstantLoss_N, after.Skew_N, after.SequenceAdvantages_B })
            Assert.False(tensor?.requires_grad ?? false);
        Assert.All(ToyRows.Doubles(after.Weights_N), w => Assert.True(w >= 0 && double.IsFinite(w)));
        StageTrace stage = Assert.Single(after.Stages);
        Assert.Equal(StabilizerFit.KindOf(recipe), stage.Name);
        Assert.Same(after.Weights_N, stage.After_N);
    }

    [Theory, MemberData(nameof(EveryIndex))]
    public void Rows_of_weight_zero_change_nothing_whatever_they_hold(int index)
    {
        StabilizerRecipe recipe = StabilizerRows.Every[index];
        if (recipe is SkipFirstRecipe or KeepFirstRecipe) return; // it counts places, and a place stays a place
        double[] weights = [1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 0, 1];
        TokenRows rows = StabilizerRows.Batch(3, weights), other = StabilizerRows.Batch(4, weights);
        torch.Tensor kept_N = rows.Weights_N.gt(0), kept_N1 = kept_N.unsqueeze(1);
        TokenRows mixed = rows with
        {
            StudentHidden_ND = torch.where(kept_N1, rows.StudentHidden_ND.detach(), other.StudentHidden_ND.detach()).requires_grad_(),
            TeacherHidden_NM = torch.where(kept_N1, rows.TeacherHidden_NM!, other.TeacherHidden_NM!),
            SampledIds_N = torch.where(kept_N, rows.SampledIds_N, other.SampledIds_N),
            SamplerLogprobs_N = torch.where(kept_N, rows.SamplerLogprobs_N!, other.SamplerLogprobs_N!),
            ContextLogprobs_NK = torch.where(kept_N1, rows.ContextLogprobs_NK!, other.ContextLogprobs_NK!),
            ContrastLogprobs_N = torch.where(kept_N, rows.ContrastLogprobs_N!, other.ContrastLogprobs_N!),
        };
        (double loss, double[] gradient, TokenRows after) = Run(recipe, rows);
        (double again, double[] sameGradient, TokenRows afterMixed) = Run(recipe, mixed);
        Assert.Equal(loss, again, 1e-12);
        ToyRows.Close(gradient, sameGradient, 1e-12);
        ToyRows.Close(ToyRows.Doubles(after.Weights_N), ToyRows.Doubles(afterMixed.Weights_N), 1e-12);
        Assert.All(new[] { 2, 5, 10 }, n => Assert.Equal(0, ToyRows.Doubles(after.Weights_N)[n]));
    }

    [Theory, MemberData(nameof(EveryIndex))]
    public void The_order_of_responses_does_not_matter(int index)
    {
        StabilizerRecipe recipe = StabilizerRows.Every[index];
        if (recipe is DataBalanceRecipe or TokenDrawRecipe) return; // they draw by place
        TokenRows rows = StabilizerRows.Batch(6);
        long[] order = [7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6]; // responses 2, 3, 0, 1
        torch.Tensor order_N = torch.tensor(order), order_B = torch.tensor(new long[] { 2, 3, 0, 1 });
        TokenRows permuted = rows with
        {
            StudentHidden_ND = rows.StudentHidden_ND.detach().index_select(0, order_N).requires_grad_(),
            TeacherHidden_NM = rows.TeacherHidden_NM!.index_select(0, order_N),
            SampledIds_N = rows.SampledIds_N.index_select(0, order_N),
            SamplerLogprobs_N = rows.SamplerLogprobs_N!.index_select(0, order_N),
            ContextLogprobs_NK = rows.ContextLogprobs_NK!.index_select(0, order_N),
            ContrastLogprobs_N = rows.ContrastLogprobs_N!.index_select(0, order_N),
            Sequence_N = torch.tensor(new long[] { 0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3 }),
            Rewards_B = rows.Rewards_B!.index_select(0, order_B),
            Groups_B = rows.Groups_B!.index_select(0, order_B),
        };
        (double loss, _, TokenRows after) = Run(recipe, rows);
        (double again, _, TokenRows afterPermuted) = Run(recipe, permuted);
        Assert.Equal(loss, again, 1e-12);
        double[] weights = ToyRows.Doubles(after.Weights_N);
        ToyRows.Close(order.Select(n => weights[n]).ToArray(), ToyRows.Doubles(afterPermuted.Weights_N), 1e-12);
    }

    [Theory, MemberData(nameof(EveryIndex))]
    public void The_loss_is_the_sum_of_what_is_shown_per_token(int index)
    {
        StabilizerRecipe recipe = StabilizerRows.Every[index];
        TokenRows rows = StabilizerRows.Apply(StabilizerRows.Batch(7), StabilizerRows.ObjectiveFor(recipe), recipe);
        ObjectiveResult result = Objective(recipe).Evaluate(rows);
        Assert.Equal(result.Signals.Loss_N.sum().ToDouble() / rows.Normalizer, result.Loss.ToDouble(), 1e-12);
    }

    [Theory, MemberData(nameof(EveryIndex))]
    public void The_gradient_is_that_of_the_loss_with_weights_and_advantages_held_fixed(int index)
    {
        StabilizerRecipe recipe = StabilizerRows.Every[index];
        TokenRows rows = StabilizerRows.Apply(StabilizerRows.Batch(8), StabilizerRows.ObjectiveFor(recipe), recipe);
        IObjective objective = Objective(recipe);
        // Held fixed: what the student was when the weights were made.
        torch.Tensor old_N = objective.Evaluate(rows).Signals.StudentLogprob_N.clone();
        TokenRows held = rows with { OldLogprobs_N = old_N };
        double[] gradient = ToyRows.Run(objective, held).Gradient;
        double[] z = ToyRows.Doubles(rows.StudentHidden_ND);
        foreach (int at in new[] { 0, 17, 40, 61, 83 })
        {
            double Loss(double shift)
            {
                double[] moved = [.. z];
                moved[at] += shift;
                return objective.Evaluate(held with { StudentHidden_ND = torch.tensor(moved, [12, 7]) }).Loss.ToDouble();
            }
            Assert.Equal((Loss(1e-6) - Loss(-1e-6)) / 2e-6, gradient[at], 1e-6);
        }
    }

    [Theory, MemberData(nameof(EveryIndex))]
    public void Scaling_all_weights_before_scales_them_after(int index)
    {
        StabilizerRecipe recipe = StabilizerRows.Every[index];
        if (recipe is NormalizeWeightsRecipe) return; // that is what it takes out
        double[] twice = Enumerable.Repeat(2.0, 12).ToArray();
        double[] one = ToyRows.Doubles(StabilizerRows.Apply(StabilizerRows.Batch(9), StabilizerRows.ObjectiveFor(recipe), recipe).Weights_N);
        double[] two = ToyRows.Doubles(StabilizerRows.Apply(StabilizerRows.Batch(9, twice), StabilizerRows.ObjectiveFor(recipe), recipe).Weights_N);
        ToyRows.Close(one.Select(w => 2 * w).ToArray(), two, 1e-14);
    }

    [Fact]
    public void Stages_act_in_their_fixed_order_whatever_the_recipe_says()
    {
        StabilizerRecipe[] listed = [new SoftClampRecipe { Max = .2 }, new NormalizeWeightsRecipe(), new SkipFirstRecipe { Tokens = 1 }, new EntropyGateRecipe { Gamma = .5 }, new RatioMagnitudeRecipe(), new MarginShiftRecipe { Delta = 3 }];
        TokenRows one = StabilizerRows.Apply(StabilizerRows.Batch(10), StabilizerRows.PolicyGradient, listed);
        TokenRows reversed = StabilizerRows.Apply(StabilizerRows.Batch(10), StabilizerRows.PolicyGradient, [.. listed.Reverse()]);
        Assert.Equal(["margin-shift", "ratio-magnitude", "entropy-gate", "skip-first", "normalize-weights", "soft-clamp"], one.Stages.Select(s => s.Name));
        Assert.Equal(ToyRows.Doubles(one.Weights_N), ToyRows.Doubles(reversed.Weights_N));
    }

    [Fact]
    public void The_second_of_a_kind_has_a_name_of_its_own()
    {
        TokenRows rows = StabilizerRows.Apply(StabilizerRows.Batch(10), StabilizerRows.PolicyGradient, new SkipFirstRecipe { Tokens = 1 }, new SkipFirstRecipe { Tokens = 2 });
        Assert.Equal(["skip-first", "skip-first#2"], rows.Stages.Select(s => s.Name));
    }

    [Theory, MemberData(nameof(EveryIndex))]
    public void Weights_of_early_tokens_see_later_tokens_only_where_the_formula_says_so(int index)
    {
        StabilizerRecipe recipe = StabilizerRows.Every[index];
        // Over a whole response, a group or the step by definition; lookahead and digit runs look ahead.
        if (recipe is EntropyGateRecipe or DigitPlaceRecipe or AgreementRecipe or PrefixReleaseRecipe or MarginMaskRecipe or PrefixWeightRecipe or StepWeightRecipe or NormalizeWeightsRecipe or DataBalanceRecipe or WelfordWhiteningRecipe or TokenDrawRecipe or TokenSelectionRecipe) return;
        TokenRows rows = StabilizerRows.Batch(11), other = StabilizerRows.Batch(12);
        torch.Tensor first_N1 = torch.arange(12).lt(3).unsqueeze(1);
        TokenRows changed = rows with
        {
            StudentHidden_ND = torch.where(first_N1, rows.StudentHidden_ND.detach(), other.StudentHidden_ND.detach()).requires_grad_(),
            TeacherHidden_NM = torch.where(first_N1, rows.TeacherHidden_NM!, other.TeacherHidden_NM!),
        };
        double[] a = ToyRows.Doubles(StabilizerRows.Apply(rows, StabilizerRows.ObjectiveFor(recipe), recipe).Weights_N);
        double[] b = ToyRows.Doubles(StabilizerRows.Apply(changed, StabilizerRows.ObjectiveFor(recipe), recipe).Weights_N);
        ToyRows.Close(a[..3], b[..3], 1e-14);
    }

    private static IObjective Objective(StabilizerRecipe recipe) =>
        StabilizerFactory.Create([recipe], StabilizerRows.ObjectiveFor(recipe), 5).WithTerms(ObjectiveFactory.Create(StabilizerRows.ObjectiveFor(recipe)));

    private static (double Loss, double[] Gradient, TokenRows Rows) Run(StabilizerRecipe recipe, TokenRows rows)
    {
        TokenRows after = StabilizerRows.Apply(rows, StabilizerRows.ObjectiveFor(recipe), recipe);
        (double loss, double[] gradient, _) = ToyRows.Run(Objective(recipe), after);
        return (loss, gradient, after);
    }
}
