namespace OpdCode.Distillation.Rollouts;

/// <summary>Who wrote a response.</summary>
public enum RolloutWriter
{
    /// <summary>The model that learns.</summary>
    Student,

    /// <summary>The judge: a teacher, or the student with a context.</summary>
    Judge,

    /// <summary>The data: a given answer.</summary>
    Data,
}
