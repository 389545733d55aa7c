using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpdCode.Distillation.Runs;

/// <summary>How the files of a run folder are spelled; writers and <see cref="RunReader"/> share it.</summary>
public static class RunJson
{
    /// <summary>
    /// camelCase, one line, text as it is (these are files, not web pages), and <c>"NaN"</c>, <c>"Infinity"</c>,
    /// <c>"-Infinity"</c> for numbers JSON lacks: a token that sampling ruled out has log-probability -Infinity.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>As <see cref="Options"/>, over several lines: for files that hold one object.</summary>
    public static JsonSerializerOptions Indented { get; } = new(Options) { WriteIndented = true };

    /// <summary>Name of the file with the rollouts of a step: <c>step-000010.jsonl</c>.</summary>
    /// <param name="step">The optimizer step, ≥ 0.</param>
    public static string RolloutFileName(int step) => FormattableString.Invariant($"step-{step:D6}.jsonl");
}
