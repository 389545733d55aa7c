using OpdCode.Recipes;

namespace OpdCode.Distillation.Training;

/// <summary>The balance β of a step between the loss on the student's text and the loss on given text.</summary>
public static class LossBalance
{
    /// <summary>β = start + (end − start)·min(1, steps done / (over·steps)); 1 without a recipe. A function of the step alone, so a resumed run has it too.</summary>
    /// <param name="recipe">The ramp; null: none.</param>
    /// <param name="step">From 1 to <paramref name="steps"/>: in the first nothing is done yet, so β is the start.</param>
    /// <param name="steps">Length of the run.</param>
    public static double At(LossBalanceRecipe? recipe, int step, int steps) =>
        recipe is null ? 1 : recipe.Start + (recipe.End - recipe.Start) * Math.Min(1, (step - 1) / (recipe.Over * steps));
}
