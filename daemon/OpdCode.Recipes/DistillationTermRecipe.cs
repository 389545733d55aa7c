namespace OpdCode.Recipes;

/// <summary>A distillation term beside a reward.</summary>
public sealed record DistillationTermRecipe
{
    /// <summary>Multiplies the log-ratio of teacher and student; 0 leaves the reward alone.</summary>
    public double Coefficient { get; init; } = 1;
}
