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
}
