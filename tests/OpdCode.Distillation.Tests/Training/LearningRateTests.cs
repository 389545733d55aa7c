using OpdCode.Distillation.Training;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Tests.Training;

public sealed class LearningRateTests
{
    [Theory]
    [InlineData(LearningRateSchedule.Constant, 1, 0.1)]
    [InlineData(LearningRateSchedule.Constant, 10, 1.0)]
    [InlineData(LearningRateSchedule.Constant, 110, 1.0)]
    [InlineData(LearningRateSchedule.Linear, 11, 1.0)]
    [InlineData(LearningRateSchedule.Linear, 61, 0.5)]
    [InlineData(LearningRateSchedule.Linear, 110, 0.01)]
    [InlineData(LearningRateSchedule.Cosine, 61, 0.5)]
    [InlineData(LearningRateSchedule.FlatThenLinear, 60, 1.0)]
    [InlineData(LearningRateSchedule.FlatThenLinear, 86, 0.5)]
    public void Follows_warm_up_and_schedule(LearningRateSchedule schedule, int step, double expected) =>
        Assert.Equal(expected, LearningRate.At(new OptimizerRecipe { LearningRate = 1, WarmupSteps = 10, Schedule = schedule }, step, 110), 1e-12);
}
