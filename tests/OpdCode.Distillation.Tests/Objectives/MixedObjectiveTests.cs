using OpdCode.Distillation.Objectives;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

public sealed class MixedObjectiveTests
{
    private static readonly double[][] s_student = ToyRows.Random(new Random(1), 6, 5), s_teacher = ToyRows.Random(new Random(2), 6, 5);
    private static readonly long[] s_ids = [0, 1, 2, 3, 4, 0];
    private static readonly bool[] s_given = [true, false, true, true, false, false];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(0.5)]
    public void Each_row_has_the_loss_and_the_gradient_of_its_own_objective(double weight)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        IObjective own = ObjectiveFactory.Create(new DivergenceObjectiveRecipe()), given = ObjectiveFactory.Create(new SupervisedObjectiveRecipe());
        (_, double[] a, _) = ToyRows.Run(own, ToyRows.From(s_student, s_teacher, s_ids));
        (_, double[] b, _) = ToyRows.Run(given, ToyRows.From(s_student, s_teacher, s_ids));
        (double loss, double[] mixed, ObjectiveResult result) = ToyRows.Run(new MixedObjective(own, given, weight, apart: false), ToyRows.From(s_student, s_teacher, s_ids) with { IsGiven_N = torch.tensor(s_given) });
        ToyRows.Close([.. a.Select((g, i) => s_given[i / 5] ? weight * b[i] : g)], mixed, 1e-12);
        Assert.Equal(loss, ToyRows.Doubles(result.Signals.Loss_N).Sum() / 6, 1e-12);
    }

    [Fact]
    public void Apart_each_kind_is_divided_by_its_own_tokens()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        IObjective own = ObjectiveFactory.Create(new DivergenceObjectiveRecipe()), given = ObjectiveFactory.Create(new SupervisedObjectiveRecipe());
        TokenRows rows = ToyRows.From(s_student, s_teacher, s_ids) with { IsGiven_N = torch.tensor(s_given), Normalizer = 5, GivenNormalizer = 3 };
        double[] divergence = ToyRows.Doubles(own.Evaluate(rows).Signals.Loss_N), next = ToyRows.Doubles(given.Evaluate(rows).Signals.Loss_N);
        double expected = Enumerable.Range(0, 6).Sum(n => s_given[n] ? .5 * next[n] / 3 : divergence[n] / 2);
        Assert.Equal(expected, new MixedObjective(own, given, .5, apart: true).Evaluate(rows).Loss.ToDouble(), 1e-12);
        // A micro-batch of one kind still counts against its kind alone.
        Assert.Equal(divergence.Sum() / 2, new MixedObjective(own, given, .5, apart: true).Evaluate(rows with { IsGiven_N = null }).Loss.ToDouble(), 1e-12);
    }

    [Fact]
    public void Text_that_is_all_of_one_kind_has_that_objective_alone()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        IObjective own = ObjectiveFactory.Create(new DivergenceObjectiveRecipe()), given = ObjectiveFactory.Create(new SupervisedObjectiveRecipe());
        var mixed = new MixedObjective(own, given, 1, apart: false);
        TokenRows rows = ToyRows.From(s_student, s_teacher, s_ids);
        Assert.Equal(own.Evaluate(rows).Loss.ToDouble(), mixed.Evaluate(rows).Loss.ToDouble());
        // Phase 1 of the two-phase recipe: the loss is the next-token loss on the given text.
        Assert.Equal(given.Evaluate(rows).Loss.ToDouble(), mixed.Evaluate(rows with { IsGiven_N = torch.ones(6, torch.@bool) }).Loss.ToDouble());
    }

    [Theory] // (2−β)·SKL + β·SRKL with the golden values of methods A, 0.6: 0.446888585 and 0.427420615. β = 2: only the student's side
    [InlineData(1, .874309200)]
    [InlineData(1.25, .869442208)]
    [InlineData(1.5, .864575215)]
    [InlineData(2, .854841230)]
    [InlineData(0, .893777170)]
    public void The_balance_shifts_weight_from_given_text_to_the_students(double beta, double expected)
    {
        double[][] student = ToyRows.Log([.2, .5, .3], [.2, .5, .3]), teacher = ToyRows.Log([.7, .2, .1], [.7, .2, .1]);
        Recipe recipe = Methods.TabularScene.Recipe("distillm-2");
        using DisposeScope scope = torch.NewDisposeScope();
        TokenRows rows = ToyRows.From(student, teacher, [0, 1], normalizer: 2) with { IsGiven_N = torch.tensor(new[] { false, true }), GivenNormalizer = 1, Balance = beta };
        (double loss, double[] gradient, _) = ToyRows.Run(ObjectiveFactory.Create(recipe), rows);
        Assert.Equal(expected, loss, 1e-8);
        // The undetached and the detached mixture of 0.6 tell the two sides apart.
        double[] own = [-.321215, .174554, .146661], given = [-.345616, .204470, .141147];
        ToyRows.Close([.. own.Select(g => beta * g), .. given.Select(g => (2 - beta) * g)], gradient, 2e-6);
        // A micro-batch with one kind alone counts the same.
        double alone = ObjectiveFactory.Create(recipe).Evaluate(ToyRows.From(student[..1], teacher[..1], [0], normalizer: 2) with { GivenNormalizer = 1, Balance = beta }).Loss.ToDouble();
        Assert.Equal(beta * .427420615, alone, 1e-8);
    }

    [Fact] // a loss without gradient (of a clipped token) is counted once, with the kind that its token is of
    public void What_a_clipped_token_counts_with_is_of_its_own_kind()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        IObjective own = ObjectiveFactory.Create(new DivergenceObjectiveRecipe()), given = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "forward-kl" });
        TokenRows rows = ToyRows.From(s_student, s_teacher, s_ids) with { IsGiven_N = torch.tensor(s_given) };
        var mixed = new MixedObjective(own, given, .5, apart: false);
        double plain = mixed.Evaluate(rows).Loss.ToDouble();
        TokenRows clipped = rows with { ConstantLoss_N = torch.tensor(new double[] { 6, 12, 0, 0, 0, 0 }) };
        Assert.Equal(plain + (.5 * 6 + 12) / 6, mixed.Evaluate(clipped).Loss.ToDouble(), 1e-12);
    }
}
