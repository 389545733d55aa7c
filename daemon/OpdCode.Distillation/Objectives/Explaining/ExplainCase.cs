using System.Text.Json;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Objectives.Explaining;

/// <summary>
/// A question for <c>opdcode explain</c>: an objective and stabilizers exactly as in a recipe, and a few sequences with
/// the logits of both models. The sequences together are one optimizer step.
/// </summary>
public sealed record ExplainCase
{
    /// <summary>A method whose objective, stabilizers and extrapolation are taken where the case does not write its own; none when absent.</summary>
    public string? Method { get; init; }

    /// <summary>What is optimised, as in a recipe; the method's when absent.</summary>
    public required ObjectiveRecipe Objective { get; init; }

    /// <summary>The stabilizers, as in a recipe; the method's when absent, or none.</summary>
    public IReadOnlyList<JsonElement> Stabilizers { get; init; } = [];

    /// <summary>Moves the target from the teacher T to T^λ·B^(1−λ), B the sequences' <see cref="ExplainSequence.Base"/>; the method's when absent, or the teacher itself.</summary>
    public ExplainExtrapolation? Extrapolation { get; init; }

    /// <summary>The sequences, at least one.</summary>
    public required IReadOnlyList<ExplainSequence> Sequences { get; init; }
}
