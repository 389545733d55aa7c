using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>Sampled-token estimators: exact expectations by enumeration (methods B A3, A5; methods A 11.2, 11.5).</summary>
public sealed class PolicyGradientTests
{
    private static readonly double[][] s_student = [[1, 1, .5, 0, -1]];
    private static readonly double[][] s_teacher = [[2, 1, 0, -1, .5]];

    [Theory]
    [InlineData("forward-kl")]
    [InlineData("reverse-kl")]
    [InlineData("jsd")]
    [InlineData("chi-squared")]
    [InlineData("hellinger")]
    [InlineData("total-variation")]
    [InlineData("jeffreys")]
    [InlineData("triangular")]
    public void The_sampled_advantage_of_an_f_divergence_has_its_gradient_in_expectation(string name)
    {
        double[] exact = ToyRows.Run(ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "f-divergence", Generator = name }), ToyRows.From(s_student, s_teacher)).Gradient;
        ToyRows.Close(exact, Expected(new() { Estimator = "f:" + name, LogRatioClamp = 50 }), 1e-12);
    }

    [Fact]
    public void K1_and_k2_have_the_gradient_of_reverse_kl_in_expectation()
    {
        double[] exact = ToyRows.Run(ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "reverse-kl" }), ToyRows.From(s_student, s_teacher)).Gradient;
        ToyRows.Close(exact, Expected(new()), 1e-13);
        ToyRows.Close(exact, Expected(new() { Estimator = "k2" }), 1e-13);
        ToyRows.Close(exact.Select(g => 3 * g).ToArray(), Expected(new() { Coefficient = 3 }), 1e-13);
    }

    [Fact]
    public void The_mean_log_ratio_back_propagated_directly_has_no_gradient_at_all_and_k3_that_of_forward_kl()
    {
        // The two classic mistakes, written out: why k1 must be detached, and why k3 is refused.
        torch.Tensor logits = ToyRows.Logits(s_student).requires_grad_();
        torch.Tensor weight = logits.softmax(1).detach(), log = logits.log_softmax(1), teacher = ToyRows.Logits(s_teacher).log_softmax(1);
        (weight * (log - teacher)).sum().backward();
        Assert.All(ToyRows.Doubles(logits.grad!), g => Assert.Equal(0, g, 1e-15));
        torch.Tensor again = ToyRows.Logits(s_student).requires_grad_();
        torch.Tensor d = again.log_softmax(1) - teacher;
        (weight * ((-d).exp() - 1 + d)).sum().backward();
        ToyRows.Close(ToyRows.Run(ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "forward-kl" }), ToyRows.From(s_student, s_teacher)).Gradient, ToyRows.Doubles(again.grad!), 1e-12);
    }

    [Theory]
    [InlineData("k3", "forward KL")]
    [InlineData("abs", "no sign")]
    public void Estimators_that_are_wrong_as_losses_are_refused_with_the_reason(string estimator, string reason)
    {
        OpdException error = Assert.Throws<OpdException>(() => ObjectiveFactory.Create(new PolicyGradientObjectiveRecipe { Estimator = estimator }));
        Assert.Equal(ErrorCodes.ObjectiveRefused, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_options_are_refused()
    {
        Assert.Equal(ErrorCodes.ObjectiveRefused, Code(new() { Estimator = "k2", Clip = new() }));
        Assert.Equal(ErrorCodes.ObjectiveRefused, Code(new() { Estimator = "k2", Discount = .5 }));
        Assert.Equal(ErrorCodes.ObjectiveInvalid, Code(new() { Estimator = "f:unknown" }));
        Assert.Equal(ErrorCodes.ObjectiveInvalid, Code(new() { Discount = 1.5 }));
        Assert.Equal(ErrorCodes.ObjectiveInvalid, Code(new() { TeacherMix = 1 }));
        Assert.Equal(ErrorCodes.ObjectiveRefused, Code(new() { TeacherMix = .2, Importance = new() })); // the same ratio twice
        static string Code(PolicyGradientObjectiveRecipe recipe) => Assert.Throws<OpdException>(() => ObjectiveFactory.Create(recipe)).Code;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Discount_one_has_the_gradient_of_the_kl_of_whole_sequences(bool singleStep)
    {
        double[] gradient = TabularGradientTests.ExpectedGradient(ObjectiveFactory.Create(new PolicyGradientObjectiveRecipe { Discount = 1, SingleStep = singleStep }));
        double[] numeric = TabularGradientTests.CentralDifferences(table =>
            TabularModel.Sequences().Sum(y => table.Probability(y) * Math.Log(table.Probability(y) / TabularGradientTests.Teacher.Probability(y))));
        ToyRows.Close(numeric, gradient, 1e-8);
        double[] own = TabularGradientTests.ExpectedGradient(ObjectiveFactory.Create(new PolicyGradientObjectiveRecipe()));
        Assert.True(own.Zip(numeric, (a, b) => Math.Abs(a - b)).Max() > 1e-3); // discount 0 is another objective, on purpose
    }

    [Fact]
    public void Discounted_sums_stay_inside_their_sequence_and_discount_zero_is_the_same_tensor()
    {
        ToyRows.Run(FusedLossTests.Objective("reverse-kl"), ToyRows.From(s_student, s_teacher));
        torch.Tensor reward = torch.tensor(new double[] { 1, 2, 4, 10, 20 }), sequence = torch.tensor(new long[] { 0, 0, 0, 1, 1 });
        ToyRows.Close([7, 6, 4, 30, 20], ToyRows.Doubles(Returns.Discounted_N(reward, sequence, 1, false)), 0);
        ToyRows.Close([3, 4, 4, 20, 20], ToyRows.Doubles(Returns.Discounted_N(reward, sequence, .5, false)), 0);
        ToyRows.Close([7 / 3.0, 3, 4, 15, 20], ToyRows.Doubles(Returns.Discounted_N(reward, sequence, 1, true)), 1e-15);
        ToyRows.Close([2, 2, 0, 10, 0], ToyRows.Doubles(Returns.AfterThis_N(Returns.Discounted_N(reward, sequence, .5, false), sequence, .5)), 0);
        Assert.Same(reward, Returns.Discounted_N(reward, sequence, 0, true));
    }

    [Theory]
    [InlineData(1.5, 1, null, -1.28)]
    [InlineData(.5, 1, null, -.5)]
    [InlineData(.5, -1, null, .8)]
    [InlineData(5, -1, null, 5)]
    [InlineData(5, -1, 3.0, 3)]
    [InlineData(1, 1, 3.0, -1)]
    public void Clip_higher_and_dual_clip_bound_the_ratio(double ratio, double advantage, double? dual, double loss)
    {
        OpdCode.Models.Native.TorchRuntime.EnsureLoaded();
        torch.Tensor actual = RatioClip.Loss_N(torch.tensor(new[] { ratio }), torch.tensor(new[] { advantage }), new RatioClipRecipe { Dual = dual });
        Assert.Equal(loss, actual.ToDouble(), 1e-15);
    }

    [Fact]
    public void On_fresh_rollouts_clip_and_importance_change_nothing_bit_for_bit()
    {
        PolicyGradientObjectiveRecipe plain = new();
        double[] expected = Expected(plain);
        Assert.Equal(expected, Expected(plain with { Clip = new RatioClipRecipe() }));
        foreach (ImportanceLevel level in Enum.GetValues<ImportanceLevel>())
            foreach (ImportanceMode mode in Enum.GetValues<ImportanceMode>())
                Assert.Equal(expected, Expected(plain with { Importance = new ImportanceRecipe { Level = level, Mode = mode } }));
        Assert.Equal(expected, Expected(plain with { Discount = 0, LengthNormalize = true }));
    }

    [Fact]
    public void Importance_weights_match_the_golden_values_at_every_level()
    {
        TokenRows rows = ToyRows.From(ToyRows.Random(new Random(1), 3, 4), null) with { SamplerLogprobs_N = torch.tensor(new[] { -.1, .4, -1.2 }) };
        torch.Tensor old = torch.zeros(3, dtype: torch.ScalarType.Float64);
        double[] Weights(ImportanceLevel level, ImportanceMode mode, double max = 2, double? min = null) =>
            ToyRows.Doubles(ImportanceWeights.Of(new ImportanceRecipe { Level = level, Mode = mode, Max = max, Min = min }, old, rows)!);
        ToyRows.Close([1.105171, .670320, 2], Weights(ImportanceLevel.Token, ImportanceMode.Truncate), 1e-6);
        ToyRows.Close([1.105171, .670320, 0], Weights(ImportanceLevel.Token, ImportanceMode.Mask), 1e-6);
        ToyRows.Close([1.105171, 0, 0], Weights(ImportanceLevel.Token, ImportanceMode.Mask, 2, .8), 1e-6);
        ToyRows.Close([1.105171, .8, 2], Weights(ImportanceLevel.Token, ImportanceMode.Truncate, 2, .8), 1e-6);
        double sequence = Math.Exp(.9), geometric = Math.Exp(.3);
        ToyRows.Close([sequence, sequence, sequence], Weights(ImportanceLevel.Sequence, ImportanceMode.Truncate, 10), 1e-12);
        ToyRows.Close([geometric, geometric, geometric], Weights(ImportanceLevel.Geometric, ImportanceMode.Truncate), 1e-12);
        ToyRows.Close([0, 0, 0], Weights(ImportanceLevel.Sequence, ImportanceMode.Mask), 0);
    }

    [Fact]
    public void Untruncated_weights_make_another_sampler_unbiased_and_bypass_never_counts_twice()
    {
        double[] sampler = ToyRows.Softmax([0, .3, 0, .2, -.4]);
        double[] exact = Expected(new());
        PolicyGradientObjectiveRecipe corrected = new() { Importance = new ImportanceRecipe { Max = 1e9 } };
        ToyRows.Close(exact, Expected(corrected, sampler), 1e-13);
        Assert.True(exact.Zip(Expected(new(), sampler), (a, b) => Math.Abs(a - b)).Max() > 1e-2); // uncorrected it is biased
        // PPO's ratio against the sampler itself already is the correction: the weight must be 1.
        double[] log = sampler.Select(p => Math.Log(p)).ToArray();
        ObjectiveResult bypass = ObjectiveFactory.Create(corrected).Evaluate(OneOfEach(sampler) with { OldLogprobs_N = torch.tensor(log) });
        Assert.All(ToyRows.Doubles(bypass.Signals.ImportanceWeight_N!), w => Assert.Equal(1, w));
    }

    [Fact]
    public void Tokens_from_the_teacher_mixture_are_weighted_back_to_the_student()
    {
        double[] student = ToyRows.Softmax(s_student[0]), teacher = ToyRows.Softmax(s_teacher[0]);
        double[] mixture = student.Zip(teacher, (s, t) => .8 * s + .2 * t).ToArray();
        ToyRows.Close(Expected(new()), Expected(new() { TeacherMix = .2 }, mixture), 1e-13);
        Assert.Equal(Expected(new()), Expected(new() { TeacherMix = 0 }));
    }

    [Fact]
    public void Stale_rollouts_use_the_ratio_and_the_old_advantage()
    {
        double[] old = ToyRows.Softmax([.5, .5, 0, 0, 0]);
        double[] log = old.Select(p => Math.Log(p)).ToArray();
        ObjectiveResult result = ObjectiveFactory.Create(new PolicyGradientObjectiveRecipe()).Evaluate(OneOfEach(old) with { OldLogprobs_N = torch.tensor(log) });
        double[] student = ToyRows.Softmax(s_student[0]), teacher = ToyRows.Softmax(s_teacher[0]);
        Assert.Equal(-Enumerable.Range(0, 5).Sum(v => student[v] * Math.Log(teacher[v] / old[v])), result.Loss.ToDouble(), 1e-13);
    }

    [Fact]
    public void Missing_inputs_are_named()
    {
        TokenRows rows = OneOfEach(ToyRows.Softmax(s_student[0])) with { TeacherHidden_NM = null };
        OpdException teacher = Assert.Throws<OpdException>(() => ObjectiveFactory.Create(new PolicyGradientObjectiveRecipe()).Evaluate(rows));
        Assert.Equal(ErrorCodes.ObjectiveInputMissing, teacher.Code);
        rows = OneOfEach(ToyRows.Softmax(s_student[0])) with { SamplerLogprobs_N = null };
        OpdException sampler = Assert.Throws<OpdException>(() => ObjectiveFactory.Create(new PolicyGradientObjectiveRecipe { Importance = new() }).Evaluate(rows));
        Assert.Contains("sampler", sampler.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_remote_teachers_logprobs_are_enough()
    {
        TokenRows rows = OneOfEach(ToyRows.Softmax(s_student[0]));
        double[] log = ToyRows.Softmax(s_teacher[0]).Select(p => Math.Log(p)).ToArray();
        double[] local = ToyRows.Run(ObjectiveFactory.Create(new PolicyGradientObjectiveRecipe()), rows).Gradient;
        TokenRows remote = OneOfEach(ToyRows.Softmax(s_student[0])) with { TeacherHidden_NM = null, TeacherLogprobs_N = torch.tensor(log) };
        ToyRows.Close(local, ToyRows.Run(ObjectiveFactory.Create(new PolicyGradientObjectiveRecipe()), remote).Gradient, 1e-15);
    }

    /// <summary>Σ_y p(y) · gradient, for one state of five tokens; y from the student unless another sampler is given.</summary>
    private static double[] Expected(PolicyGradientObjectiveRecipe recipe, double[]? sampler = null)
    {
        double[] gradient = ToyRows.Run(ObjectiveFactory.Create(recipe), OneOfEach(sampler ?? ToyRows.Softmax(s_student[0]))).Gradient;
        return Enumerable.Range(0, 5).Select(v => Enumerable.Range(0, 5).Sum(n => gradient[n * 5 + v])).ToArray();
    }

    private static TokenRows OneOfEach(double[] probability)
    {
        double[][] student = Enumerable.Repeat(s_student[0], 5).ToArray(), teacher = Enumerable.Repeat(s_teacher[0], 5).ToArray();
        return ToyRows.From(student, teacher, [0, 1, 2, 3, 4], null, 1) with
        {
            Weights_N = torch.tensor(probability),
            Sequence_N = torch.arange(5),
            SamplerLogprobs_N = torch.tensor(probability).log(),
        };
    }
}
