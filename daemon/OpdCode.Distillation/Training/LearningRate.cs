using OpdCode.Recipes;

namespace OpdCode.Distillation.Training;

/// <summary>The learning rate of a step: linear warm-up from 0, then the schedule.</summary>
public static class LearningRate
{
    /// <summary>Learning rate of a step.</summary>
    /// <param name="recipe">Peak, warm-up and schedule.</param>
    /// <param name="step">From 1 to <paramref name="steps"/>.</param>
    /// <param name="steps">Length of the run.</param>
    public static double At(OptimizerRecipe recipe, int step, int steps)
    {
        if (step <= recipe.WarmupSteps) return recipe.LearningRate * step / recipe.WarmupSteps;
        // done: 0 at the first step after warm-up, just under 1 at the last, so that no step is wasted at rate 0.
        double done = (double)(step - 1 - recipe.WarmupSteps) / Math.Max(1, steps - recipe.WarmupSteps);
        double factor = recipe.Schedule switch
        {
            LearningRateSchedule.Linear => 1 - done,
            LearningRateSchedule.Cosine => 0.5 * (1 + Math.Cos(Math.PI * done)),
            LearningRateSchedule.FlatThenLinear => done < 0.5 ? 1 : 2 * (1 - done),
            _ => 1,
        };
        return recipe.LearningRate * factor;
    }
}
