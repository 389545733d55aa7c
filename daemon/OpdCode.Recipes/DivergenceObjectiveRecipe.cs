namespace OpdCode.Recipes;

/// <summary>A divergence between student and teacher at every response token, over the full vocabulary.</summary>
public sealed record DivergenceObjectiveRecipe : ObjectiveRecipe
{
    /// <summary>reverse-kl: KL(student‖teacher); forward-kl: KL(teacher‖student); jsd.</summary>
    public string Divergence { get; init; } = "reverse-kl";

    /// <summary>Weight of the teacher in JSD's mixture M = (1−β)·student + β·teacher, 0 &lt; β &lt; 1.</summary>
    public double Beta { get; init; } = 0.5;

    /// <summary>Divides the student's logits inside the loss.</summary>
    public double StudentTemperature { get; init; } = 1;

    /// <summary>Divides the teacher's logits inside the loss.</summary>
    public double TeacherTemperature { get; init; } = 1;
}
