using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using OpdCode.Recipes;

namespace OpdCode.Models.Preflight;

/// <summary>What an estimate is made from.</summary>
internal sealed record MemoryInputs
{
    /// <summary>What runs.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>The student's shape.</summary>
    public required DecoderConfig Student { get; init; }

    /// <summary>The teacher's shape; null without one.</summary>
    public DecoderConfig? Teacher { get; init; }

    /// <summary>The shape of the model that is extrapolated from; null where it is the student, or there is none.</summary>
    public DecoderConfig? Base { get; init; }

    /// <summary>Ids that can stand in a text.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Tokens of the longest prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens of the longest prompt that a judge is shown.</summary>
    public required int JudgePromptTokens { get; init; }

    /// <summary>Tokens of the longest response.</summary>
    public required int ResponseTokens { get; init; }

    /// <summary>What there is.</summary>
    public required DeviceMemory Device { get; init; }
}
