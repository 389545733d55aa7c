using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>Where the judgement of every token comes from: one of the kinds below.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TeacherSignalRecipe), "teacher")]
[JsonDerivedType(typeof(SelfSignalRecipe), "self")]
public abstract record SignalRecipe
{
    /// <summary>What the judge is shown and the student is not: another prompt before the same response. The student's own prompt when absent.</summary>
    public ContextRecipe? Context { get; init; }

    /// <summary>Push the target beyond the judge, away from a base model (G-OPD, ExOPD, ListOPD); none when absent.</summary>
    public ExtrapolationRecipe? Extrapolation { get; init; }

    /// <summary>More contexts under which the judge reads the same response, for stabilizers that ask how far its judgements agree (UniSD).</summary>
    public IReadOnlyList<ContextRecipe> Auxiliary { get; init; } = [];

    /// <summary>A misleading context under which the judge reads the same response, for stabilizers that contrast with it (UniSD); none when absent.</summary>
    public ContextRecipe? Contrast { get; init; }

    /// <summary>
    /// The judge, seeing its context, also writes a response to every prompt: the preferred one of a pair whose other is the
    /// student's (PBSD). For the preference objective without rewards.
    /// </summary>
    public bool WritesPreferred { get; init; }
}
