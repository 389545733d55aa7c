using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>Published numbers: methods A 0.6 and B D1, and TRL's generalized_jsd_loss on three rows.</summary>
public sealed class GoldenDivergenceTests
{
    private static readonly double[][] s_student = ToyRows.Log([.2, .5, .3]);
    private static readonly double[][] s_teacher = ToyRows.Log([.7, .2, .1]);
    private static readonly double[][] s_student4 = [[1, 1, .5, 0]];
    private static readonly double[][] s_teacher4 = [[2, 1, 0, -1]];

    [Theory]
    [InlineData("forward-kl", 0.583814703, new[] { -0.5, 0.3, 0.2 })]
    [InlineData("reverse-kl", 0.537176459, new[] { -0.357987885, 0.189557137, 0.168430749 })]
    [InlineData("jsd", 0.132918006, new[] { -0.094872118, 0.054720996, 0.040151122 })]
    public void Value_and_logit_gradient_match_the_golden_table(string name, double value, double[] gradient)
    {
        (double loss, double[] actual, _) = ToyRows.Run(Divergence(name), ToyRows.From(s_student, s_teacher));
        Assert.Equal(value, loss, 1e-9);
        ToyRows.Close(gradient, actual, 1e-9);
    }

    [Theory]
    [InlineData(.1, 0.050995026)]
    [InlineData(.5, 0.132918006)]
    [InlineData(.9, 0.047863994)]
    public void Jsd_weights_the_teacher_by_beta(double beta, double value) =>
        Assert.Equal(value, ToyRows.Run(Divergence("jsd", beta), ToyRows.From(s_student, s_teacher)).Loss, 1e-9);

    [Theory]
    [InlineData("forward-kl", .5, 0.218140)]
    [InlineData("reverse-kl", .5, 0.239582)]
    [InlineData("jsd", .1, .019610)]
    [InlineData("jsd", .5, .055325)]
    [InlineData("jsd", .9, .021056)]
    public void Four_token_table_matches(string name, double beta, double value) =>
        Assert.Equal(value, ToyRows.Run(Divergence(name, beta), ToyRows.From(s_student4, s_teacher4)).Loss, 1e-6);

    [Theory]
    [InlineData("forward-kl", .5, 1.582514335, 0, 1.206104826, 0.451926455)]
    [InlineData("jsd", .001, 0.001579164, 0, 0.001204744, 0.000451314)]
    [InlineData("jsd", .1, 0.130696734, 0, 0.107737889, 0.039403714)]
    [InlineData("jsd", .5, 0.322275380, 0, 0.318121785, 0.101815766)]
    [InlineData("jsd", .9, 0.125498063, 0, 0.154805598, 0.036253941)]
    [InlineData("reverse-kl", .5, 1.498560786, 0, 2.650005495, 0.405466397)]
    public void Rows_of_the_framework_table_match_at_both_temperatures(string name, double beta, double a, double b, double c, double hotA)
    {
        double[][] student = [[1, 2, 3, 0], [.5, -1, .25, 2], [0, 0, 0, 0]];
        double[][] teacher = [[3, 1, .5, -2], [.5, -1, .25, 2], [4, 0, 0, -4]];
        ObjectiveResult result = ToyRows.Run(Divergence(name, beta), ToyRows.From(student, teacher)).Result;
        ToyRows.Close([a, b, c], ToyRows.Doubles(result.Signals.Divergence_N!), 1e-9);
        IObjective hot = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = name, Beta = beta, StudentTemperature = 2, TeacherTemperature = 2 });
        Assert.Equal(hotA, ToyRows.Run(hot, ToyRows.From([student[0]], [teacher[0]])).Loss, 1e-9);
    }

    [Fact]
    public void Entropies_and_logprobs_are_those_of_temperature_one()
    {
        IObjective hot = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "reverse-kl", StudentTemperature = 2, TeacherTemperature = 3 });
        TokenSignals signals = ToyRows.Run(hot, ToyRows.From(s_student, s_teacher, [1])).Result.Signals;
        Assert.Equal(1.029653015, signals.StudentEntropy_N.ToDouble(), 1e-9);
        Assert.Equal(0.801818553, signals.TeacherEntropy_N!.ToDouble(), 1e-9);
        Assert.Equal(Math.Log(.5), signals.StudentLogprob_N.ToDouble(), 1e-12);
        Assert.Equal(Math.Log(.2), signals.TeacherLogprob_N!.ToDouble(), 1e-12);
    }

    [Theory]
    [InlineData("skew-forward-kl", false, 0.446888585, new[] { -0.345616, 0.204470, 0.141147 })]
    [InlineData("skew-reverse-kl", false, 0.427420615, new[] { -0.289399, 0.160783, 0.128616 })]
    [InlineData("skew-reverse-kl", true, 0.427420615, new[] { -0.321215, 0.174554, 0.146661 })]
    [InlineData("chi-squared", false, 1.563333333, new[] { -1.937333, 1.201667, .735667 })]
    public void Skew_and_chi_squared_match_the_golden_table(string name, bool detach, double value, double[] gradient)
    {
        (double loss, double[] actual, _) = ToyRows.Run(ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = name, DetachMixture = detach }), ToyRows.From(s_student, s_teacher));
        Assert.Equal(value, loss, 1e-9);
        ToyRows.Close(gradient, actual, 1e-6);
    }

    [Theory]
    [InlineData("skew-forward-kl", 0.176457)]
    [InlineData("skew-reverse-kl", 0.185503)]
    [InlineData("total-variation", 0.307713)]
    [InlineData("hellinger", 0.056241)]
    [InlineData("alpha", 0.224965)]
    [InlineData("adaptive-kl", 0.228861)]
    public void The_rest_of_the_four_token_table_matches(string name, double value) =>
        Assert.Equal(value, ToyRows.Run(Divergence(name), ToyRows.From(s_student4, s_teacher4)).Loss, 1e-6);

    [Fact]
    public void Alpha_two_is_half_of_chi_squared() =>
        Assert.Equal(0.222861, ToyRows.Run(ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "alpha", Alpha = 2 }), ToyRows.From(s_student4, s_teacher4)).Loss, 1e-6);

    [Fact]
    public void Adaptive_kl_takes_no_gradient_through_its_weights()
    {
        (_, double[] actual, _) = ToyRows.Run(Divergence("adaptive-kl"), ToyRows.From(s_student4, s_teacher4));
        (_, double[] forward, _) = ToyRows.Run(Divergence("forward-kl"), ToyRows.From(s_student4, s_teacher4));
        (_, double[] reverse, _) = ToyRows.Run(Divergence("reverse-kl"), ToyRows.From(s_student4, s_teacher4));
        double head = (0.228861 - 0.239582) / (0.218140 - 0.239582); // from the golden values
        ToyRows.Close(forward.Zip(reverse, (f, r) => head * f + (1 - head) * r).ToArray(), actual, 1e-4);
    }

    [Theory]
    [InlineData("forward-kl")]
    [InlineData("reverse-kl")]
    [InlineData("jsd")]
    [InlineData("total-variation")]
    [InlineData("hellinger")]
    [InlineData("chi-squared")]
    public void The_generator_gives_the_same_value_and_gradient_as_the_class(string name)
    {
        FDivergence generated = new(FGenerator.Known[name]);
        IObjective objective = new DivergenceObjective(generated, generated.Formula, LossNormalization.Tokens, 1, 1, hasMass: false);
        (double value, double[] gradient, _) = ToyRows.Run(objective, ToyRows.From(s_student4, s_teacher4));
        (double expected, double[] expectedGradient, _) = ToyRows.Run(Divergence(name), ToyRows.From(s_student4, s_teacher4));
        Assert.Equal(expected, value, 1e-12);
        ToyRows.Close(expectedGradient, gradient, 1e-12);
    }

    [Fact]
    public void Every_generator_is_zero_at_one_and_a_constant_in_the_advantage_changes_nothing()
    {
        double[] student = ToyRows.Softmax(s_student4[0]), teacher = ToyRows.Softmax(s_teacher4[0]);
        torch.Tensor ratio = torch.tensor(teacher.Zip(student, (t, s) => t / s).ToArray());
        foreach (FGenerator generator in FGenerator.Known.Values)
        {
            Assert.Equal(0, generator.Value(torch.ones(1, dtype: torch.ScalarType.Float64)).ToDouble(), 1e-15);
            Assert.Equal(0, generator.Advantage(torch.ones(1, dtype: torch.ScalarType.Float64)).ToDouble(), 1e-15);
            double[] advantage = ToyRows.Doubles(generator.Advantage(ratio));
            double[] Gradient(double constant) => Enumerable.Range(0, 4).Select(v => Enumerable.Range(0, 4).Sum(y => student[y] * (advantage[y] + constant) * ((y == v ? 1 : 0) - student[v]))).ToArray();
            ToyRows.Close(Gradient(0), Gradient(5), 1e-14);
        }
    }

    [Fact]
    public void Jsd_of_beta_is_that_of_one_minus_beta_with_the_sides_exchanged()
    {
        foreach (double beta in new[] { .1, .3, .5 })
            Assert.Equal(ToyRows.Run(Divergence("jsd", beta), ToyRows.From(s_student4, s_teacher4)).Loss, ToyRows.Run(Divergence("jsd", 1 - beta), ToyRows.From(s_teacher4, s_student4)).Loss, 1e-14);
    }

    [Fact]
    public void The_jsd_gradient_is_bounded_where_that_of_reverse_kl_grows()
    {
        double[][] student = [[50, -50, 0]], teacher = [[-50, 50, 0]];
        Assert.All(ToyRows.Run(Divergence("jsd"), ToyRows.From(student, teacher)).Gradient, g => Assert.InRange(Math.Abs(g), 0, 2));
        double[][] torn = [[.5, .5, -50]], sure = [[50, -50, 0]];
        Assert.True(ToyRows.Run(Divergence("reverse-kl"), ToyRows.From(torn, sure)).Gradient.Max(Math.Abs) > 20);
        Assert.All(ToyRows.Run(Divergence("jsd"), ToyRows.From(torn, sure)).Gradient, g => Assert.InRange(Math.Abs(g), 0, 2));
    }

    [Fact]
    public void The_inequalities_between_divergences_hold()
    {
        Random random = new(4);
        double[][] student = ToyRows.Random(random, 50, 8, 5), teacher = ToyRows.Random(random, 50, 8, 5);
        double[] Values(DivergenceObjectiveRecipe recipe) => ToyRows.Doubles(ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From(student, teacher)).Result.Signals.Divergence_N!);
        double[] hellinger = Values(new() { Divergence = "hellinger" }), variation = Values(new() { Divergence = "total-variation" });
        double[] forward = Values(new() { Divergence = "forward-kl" }), skew = Values(new() { Divergence = "skew-forward-kl" });
        double[] jsd = Values(new() { Divergence = "jsd", Beta = .3 });
        double bound = -.3 * Math.Log(.3) - .7 * Math.Log(.7);
        for (int n = 0; n < 50; n++)
        {
            Assert.True(hellinger[n] <= variation[n] && variation[n] <= Math.Sqrt(2 * hellinger[n]));
            Assert.True(variation[n] * variation[n] <= forward[n] / 2);
            Assert.True(skew[n] <= .9 * forward[n] + 1e-12);
            Assert.True(jsd[n] <= bound);
        }
    }

    [Fact]
    public void The_ends_of_beta_are_not_divergences_of_the_family()
    {
        foreach (double end in new[] { 0.0, 1.0, -.1, double.NaN })
        {
            OpdException error = Assert.Throws<OpdException>(() => ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "jsd", Beta = end }));
            Assert.Equal(ErrorCodes.ObjectiveInvalid, error.Code);
            Assert.Contains("forward-kl or reverse-kl", error.Message, StringComparison.Ordinal);
        }
        double scaled = ToyRows.Run(Divergence("jsd", 1e-4), ToyRows.From(s_student, s_teacher)).Loss / 1e-4;
        Assert.Equal(0.58374, scaled, 1e-5);
        double other = ToyRows.Run(Divergence("jsd", 1 - 1e-4), ToyRows.From(s_student, s_teacher)).Loss / 1e-4;
        Assert.Equal(0.53717, other, 1.1e-4);
    }

    private static IObjective Divergence(string name, double beta = .5) => ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = name, Beta = beta });
}
