using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Recipes;
using OpdCode.Recipes.Methods;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Methods;

/// <summary>
/// Methods B, D2.2: through a whole transformer the gradient of every preset's step is the slope of its loss. Two random
/// directions in the space of all weights, central differences in float64.
/// </summary>
public sealed class TransformerGradientTests
{
    // Central differences are wrong by h² of third derivatives, rounding adds 1e-16/h: 1e-10 of the gradient where it is right. What a wrong one is off by is above 1e-4 of it.
    private const double Step = 1e-5, Tolerance = 1e-8;

    public static TheoryData<string> Names => [.. MethodPresets.All.Select(m => m.Name)];

    [Theory, MemberData(nameof(Names))]
    public void The_gradient_of_a_preset_is_the_slope_of_its_loss(string name)
    {
        using var scene = new TransformerScene(TabularScene.Recipe(name));
        AssertSlopes(scene);
    }

    [Fact]
    public void A_shifted_balance_is_in_the_gradient()
    {
        using var scene = new TransformerScene(TabularScene.Recipe("distillm-2"), balance: 1.25);
        AssertSlopes(scene);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(.5)]
    public void So_it_is_for_the_loss_on_a_pre_training_text(double judgeShare)
    {
        using var scene = new TransformerScene(TabularScene.Recipe("gkd"), objective: new DivergenceObjective(new LanguageModellingLoss(judgeShare), "", LossNormalization.Tokens, 1, 1, hasMass: false));
        AssertSlopes(scene);
    }

    private static void AssertSlopes(TransformerScene scene)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor gradient_P = scene.Gradient_P();
        double norm = gradient_P.norm().ToDouble();
        Assert.True(norm > 1e-2, $"the gradient's norm is {norm}: nothing would be compared");
        Assert.True(scene.Weights_N.gt(0).any().ToBoolean());
        foreach (ulong seed in new ulong[] { 11, 12 })
        {
            using var generator = new torch.Generator(seed);
            torch.Tensor direction_P = torch.randn(gradient_P.shape, torch.float64, generator: generator);
            direction_P /= direction_P.norm();
            double expected = scene.Slope(direction_P, Step), actual = gradient_P.dot(direction_P).ToDouble();
            Assert.True(Math.Abs(expected - actual) <= Tolerance * norm, $"the loss rises by {expected:R} along direction {seed}, the gradient says {actual:R} (its norm is {norm:R})");
        }
    }
}
