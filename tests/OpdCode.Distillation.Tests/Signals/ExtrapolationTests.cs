using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Signals;
using OpdCode.Distillation.Tests.Methods;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Signals;

/// <summary>G-OPD and ExOPD at one state, all outcomes enumerated (methods A, sections 0.6, 4 and 11.10).</summary>
public sealed class ExtrapolationTests
{
    private static readonly double[] s_teacher = [.7, .2, .1], s_base = [.4, .4, .2], s_student = [.2, .5, .3];

    [Fact]
    public void At_the_target_every_token_has_the_advantage_log_Z()
    {
        double[] advantage = Advantages([.761421485, .159052343, .079526172], s_teacher, s_base, 1.25);
        Assert.All(advantage, a => Assert.Equal(0.055797221, a, 1e-8));
    }

    [Fact]
    public void Lambda_one_is_plain_distillation_and_lambda_zero_pulls_to_the_base()
    {
        Assert.Equal(Plain((t, _, s) => Math.Log(t / s)), Advantages(s_student, s_teacher, s_base, 1), Near);
        Assert.Equal(Plain((_, b, s) => -Math.Log(s / b)), Advantages(s_student, s_teacher, s_base, 0), Near);
        Assert.Equal(Plain((t, b, s) => 1.5 * Math.Log(t / b) - Math.Log(s / b)), Advantages(s_student, s_teacher, s_base, 1.5), Near);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.25)]
    [InlineData(3)]
    public void Where_teacher_and_base_agree_lambda_changes_nothing(double lambda) =>
        Assert.Equal(Plain((_, b, s) => Math.Log(b / s)), Advantages(s_student, s_base, s_base, lambda), Near);

    [Fact]
    public void Its_expected_gradient_is_that_of_the_reverse_kl_to_the_target()
    {
        const double Lambda = 1.25;
        double[] target = Normalised(s_teacher.Select((t, i) => Math.Pow(t, Lambda) * Math.Pow(s_base[i], 1 - Lambda)));
        double[] sampled = Gradient("policy-gradient", s_teacher, s_base, Lambda), exact = Gradient("reverse-kl", target, null, 1);
        ToyRows.Close(exact, sampled, 1e-12);
    }

    [Fact]
    public void The_exact_flow_converges_to_the_target()
    {
        // Two outcomes: p = .9, b = .5, and the student follows the expected gradient with ρ = 1.
        foreach (double lambda in new[] { .5, 1.25, 2 })
        {
            double z = 0;
            for (int i = 0; i < 4000; i++)
            {
                double s = 1 / (1 + Math.Exp(-z));
                double[] a = Advantages([s, 1 - s], [.9, .1], [.5, .5], lambda);
                z += 0.5 * s * (1 - s) * (a[0] - a[1]);
            }
            Assert.Equal(Math.Pow(.9, lambda) / (Math.Pow(.9, lambda) + Math.Pow(.1, lambda)), 1 / (1 + Math.Exp(-z)), 1e-6);
        }
    }

    [Theory] // methods A 4, caveat (ii): with ρ = min(5, T/S) the flow stops short of the target, since there the advantage is log Z and not 0
    [InlineData(1.5, .959065, .964286)]
    [InlineData(2.0, .981755, .987805)]
    public void With_the_clipped_ratio_the_exact_flow_stops_short_of_the_target(double lambda, double expected, double target)
    {
        var recipe = (PolicyGradientObjectiveRecipe)TabularScene.Recipe("listopd").Objective;
        double z = 0;
        for (int i = 0; i < 6000; i++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            double s = 1 / (1 + Math.Exp(-z));
            ObjectiveResult result = ObjectiveFactory.Create(recipe).Evaluate(Rows([s, 1 - s], [.9, .1], [.5, .5], lambda));
            double[] a = ToyRows.Doubles(result.Signals.Advantage_N!), rho = ToyRows.Doubles(result.Signals.ImportanceWeight_N!);
            z += s * (1 - s) * (rho[0] * a[0] - rho[1] * a[1]);
        }
        Assert.Equal(expected, 1 / (1 + Math.Exp(-z)), 1e-5);
        Assert.Equal(target, ExtrapolationCliff.TargetMass(.9, .5, lambda), 1e-6);
    }

    [Fact]
    public void The_teacher_student_ratio_is_bounded_and_carries_no_gradient()
    {
        var recipe = new PolicyGradientObjectiveRecipe { Importance = new ImportanceRecipe { Ratio = ImportanceRatio.TeacherStudent, Max = 1.5 } };
        TokenRows rows = Rows(s_student, s_teacher, s_base, 1.25);
        ObjectiveResult result = ObjectiveFactory.Create(recipe).Evaluate(rows);
        double[] expected = s_teacher.Select((t, i) => Math.Min(1.5, t / s_student[i])).ToArray();
        ToyRows.Close(expected, ToyRows.Doubles(result.Signals.ImportanceWeight_N!), 1e-12);
        Assert.False(result.Signals.ImportanceWeight_N!.requires_grad);
        double[] advantage = ToyRows.Doubles(result.Signals.Advantage_N!);
        // Gradient of −mean ρ·A·log S, ρ and A held: the ratio adds nothing of its own.
        result.Loss.backward();
        double[] gradient = ToyRows.Doubles(rows.StudentHidden_ND.grad!);
        for (int n = 0; n < 3; n++)
            for (int v = 0; v < 3; v++)
                Assert.Equal(-expected[n] * advantage[n] * ((n == v ? 1 : 0) - s_student[v]) / 3, gradient[n * 3 + v], 1e-12);
    }

    private static bool Near(double[] a, double[] b) => a.Zip(b).All(p => Math.Abs(p.First - p.Second) < 1e-12);

    private static double[] Plain(Func<double, double, double, double> advantage) => [.. s_student.Select((s, i) => advantage(s_teacher[i], s_base[i], s))];

    private static double[] Normalised(IEnumerable<double> weights)
    {
        double[] all = weights.ToArray();
        return [.. all.Select(w => w / all.Sum())];
    }

    private static double[] Advantages(double[] student, double[] teacher, double[] from, double lambda)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return ToyRows.Doubles(ObjectiveFactory.Create(new PolicyGradientObjectiveRecipe()).Evaluate(Rows(student, teacher, from, lambda)).Signals.Advantage_N!);
    }

    private static double[] Gradient(string objective, double[] teacher, double[]? from, double lambda)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        TokenRows rows = Rows(s_student, teacher, from, lambda) with { Weights_N = torch.tensor(s_student), Normalizer = 1 };
        (_, double[] gradient, _) = ToyRows.Run(FusedLossTests.Objective(objective), rows);
        int v = s_student.Length;
        return [.. Enumerable.Range(0, v).Select(i => Enumerable.Range(0, v).Sum(n => gradient[n * v + i]))];
    }

    // One row for every outcome of the one state.
    private static TokenRows Rows(double[] student, double[] teacher, double[]? from, double lambda)
    {
        int v = student.Length;
        TokenRows rows = ToyRows.From(ToyRows.Log([.. Enumerable.Repeat(student, v)]), ToyRows.Log([.. Enumerable.Repeat(teacher, v)]), [.. Enumerable.Range(0, v).Select(i => (long)i)]);
        return from is null ? rows : rows with { BaseLogprobs_N = torch.tensor(from.Select(b => Math.Log(b)).ToArray()), TargetLambda = lambda };
    }
}
