using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Models.Preflight;

/// <summary>What can be known about a run from its recipe, models and data before any weight is loaded.</summary>
public sealed record PreflightReport
{
    /// <summary>Everything found, each at its setting.</summary>
    public required IReadOnlyList<Problem> Problems { get; init; }

    /// <summary>What the run needs at its peak; null where a model's shape could not be read.</summary>
    public MemoryEstimate? Memory { get; init; }

    /// <summary>The first prompt as both models read it; null where it could not be rendered.</summary>
    public PromptPreview? Prompt { get; init; }

    /// <summary>What is in the training file; null where it could not be opened.</summary>
    public DataReport? Data { get; init; }
}
