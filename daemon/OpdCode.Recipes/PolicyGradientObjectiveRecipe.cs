namespace OpdCode.Recipes;

/// <summary>
/// Policy gradient on the sampled token: advantage A = log p_teacher − log p_student (detached), the unbiased
/// one-sample estimate of the gradient of KL(student‖teacher) at each state.
/// </summary>
public sealed record PolicyGradientObjectiveRecipe : ObjectiveRecipe
{
    /// <summary>Multiplies the advantage.</summary>
    public double Coefficient { get; init; } = 1;
}
