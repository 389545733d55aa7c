using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives.Sampled;

public sealed class LanguageModellingLossTests
{
    private static readonly double[][] s_student = ToyRows.Log([.2, .5, .3]), s_teacher = ToyRows.Log([.7, .2, .1]);

    // By hand: −ln 0.2 = 1.609437912; −Σ T·ln S = KL(T‖S) + H(T) = 0.583814703 + 0.801818553; gradient S − (1 − s)·1_y − s·T.
    [Theory]
    [InlineData(0, 1.609437912, -.8, .5, .3)]
    [InlineData(.5, 1.497535584, -.65, .4, .25)]
    [InlineData(1, 1.385633256, -.5, .3, .2)]
    public void The_judges_share_moves_the_target_from_the_token_to_the_judges_distribution(double share, double expected, double first, double second, double third)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        (double loss, double[] gradient, ObjectiveResult result) = ToyRows.Run(Objective(share), ToyRows.From(s_student, share > 0 ? s_teacher : null, [0]));
        Assert.Equal(expected, loss, 1e-8);
        ToyRows.Close([first, second, third], gradient, 1e-12);
        Assert.Equal(-1.609437912, ToyRows.Doubles(result.Signals.StudentLogprob_N)[0], 1e-8);
    }

    [Fact] // a token that the judge excludes has a finite logarithm times a mass of 0
    public void A_judge_without_mass_for_a_token_gives_a_finite_loss()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        (double loss, double[] gradient, _) = ToyRows.Run(Objective(.5), ToyRows.From([[0, double.NegativeInfinity, 0]], [[0, double.NegativeInfinity, 0]], [0]));
        Assert.Equal(Math.Log(2), loss, 1e-12);
        ToyRows.Close([-.25, 0, .25], gradient, 1e-12);
    }

    private static DivergenceObjective Objective(double share) => new(new LanguageModellingLoss(share), "", LossNormalization.Tokens, 1, 1, hasMass: false);
}
