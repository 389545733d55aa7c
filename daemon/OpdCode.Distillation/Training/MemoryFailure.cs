using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using OpdCode.Protocol;

namespace OpdCode.Distillation.Training;

/// <summary>Tells a refused allocation, of libtorch or of the runtime, from other failures, and says what to do about it.</summary>
internal static partial class MemoryFailure
{
    /// <summary>The failure in words; null when it is none of memory.</summary>
    public static OpdException? Explain(Exception failure)
    {
        bool native = failure is ExternalException && (failure.Message.Contains("can't allocate memory", StringComparison.Ordinal)
            || failure.Message.Contains("not enough memory", StringComparison.Ordinal) || failure.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase));
        if (!native && failure is not OutOfMemoryException) return null;
        Match bytes = BytesAsked().Match(failure.Message);
        string asked = bytes.Success ? $" when {long.Parse(bytes.Groups[1].ValueSpan, CultureInfo.InvariantCulture) / 1e9:F1} GB more were asked for" : "";
        return new OpdException(ErrorCodes.OutOfMemory,
            $"The memory did not suffice{asked}. The run stopped after its last complete step. Lower optimizer.microBatch, rollout.promptsPerStep × rollout.samplesPerPrompt or rollout.maxNewTokens, "
            + "choose a smaller model or student.lora, or close other programs; then start it anew, or resume it as it is when there is more memory.", failure);
    }

    [GeneratedRegex("tried to allocate ([0-9]{1,18}) bytes")]
    private static partial Regex BytesAsked();
}
