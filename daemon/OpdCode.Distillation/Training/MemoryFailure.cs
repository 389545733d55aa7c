using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using OpdCode.Protocol;

namespace OpdCode.Distillation.Training;

/// <summary>Tells a refused allocation, of libtorch or of the runtime, from other failures, and says what to do about it.</summary>
public static partial class MemoryFailure
{
    /// <summary>A failure of a step in words; null when it is none of memory.</summary>
    /// <param name="failure">What was thrown.</param>
    public static OpdException? Explain(Exception failure) => Explain(failure,
        "The run stopped after its last complete step. Lower optimizer.microBatch, rollout.promptsPerStep × rollout.samplesPerPrompt or rollout.maxNewTokens, "
        + "choose a smaller model or student.lora, or close other programs; then start it anew, or resume it as it is when there is more memory.");

    /// <summary>A failure before the first step, or of something that is no run, in words; null when it is none of memory.</summary>
    /// <param name="failure">What was thrown.</param>
    public static OpdException? ExplainOutsideOfSteps(Exception failure) => Explain(failure,
        "Take a smaller model or a shorter text, hold the weights as bfloat16 (student.type and signal.type of a recipe), or close other programs; opdcode validate --preflight says what a recipe needs.");

    private static OpdException? Explain(Exception failure, string remedy)
    {
        ArgumentNullException.ThrowIfNull(failure);
        bool native = failure is ExternalException && (failure.Message.Contains("can't allocate memory", StringComparison.Ordinal)
            || failure.Message.Contains("not enough memory", StringComparison.Ordinal) || failure.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase));
        if (!native && failure is not OutOfMemoryException) return null;
        Match bytes = BytesAsked().Match(failure.Message);
        string asked = bytes.Success ? $" when {Amount(long.Parse(bytes.Groups[1].ValueSpan, CultureInfo.InvariantCulture))} more were asked for" : "";
        return new OpdException(ErrorCodes.OutOfMemory, $"The memory did not suffice{asked}. {remedy}", failure);
    }

    private static string Amount(double bytes) => bytes >= 1e8 ? $"{bytes / 1e9:F1} GB" : $"{bytes / 1e6:F3} MB";

    [GeneratedRegex("tried to allocate ([0-9]{1,18}) bytes")]
    private static partial Regex BytesAsked();
}
