namespace OpdCode.Distillation.Runs;

/// <summary>The <c>run</c> object of a run folder's <c>recipe.json</c>: what the recipe alone does not say.</summary>
public sealed record RunInfo
{
    /// <summary>The run's name among runs; the folder is named for it.</summary>
    public string? Id { get; init; }

    /// <summary>When the run started, in UTC.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>The version of OpdCode.</summary>
    public string? Version { get; init; }

    /// <summary>Where it computed, for example <c>cpu</c> or <c>cuda:0</c>.</summary>
    public string? Device { get; init; }

    /// <summary>Number of weights of the student.</summary>
    public long? StudentParameters { get; init; }

    /// <summary>Number of weights of the teacher; null without one.</summary>
    public long? TeacherParameters { get; init; }

    /// <summary>SHA-256 of every input file, by the path that the recipe gives.</summary>
    public IReadOnlyDictionary<string, string>? DataHashes { get; init; }

    /// <summary>A fingerprint of every model folder, by its path; see <see cref="OpdCode.Models.Weights.ModelFingerprint"/>.</summary>
    public IReadOnlyDictionary<string, string>? ModelFingerprints { get; init; }

    /// <summary>The folder that the recipe was in: what paths inside rewards are relative to.</summary>
    public string? RecipeFolder { get; init; }

    /// <summary>Where each setting came from, by its path: written, set (command line), preset or default.</summary>
    public IReadOnlyDictionary<string, string>? Origins { get; init; }
}
