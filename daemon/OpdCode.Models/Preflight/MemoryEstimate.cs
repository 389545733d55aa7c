using System.Globalization;

namespace OpdCode.Models.Preflight;

/// <summary>What a run needs, in bytes. Sampling, training and evaluation take turns, so the peak is less than the sum.</summary>
public sealed record MemoryEstimate
{
    /// <summary>The runtime with libtorch, before any model.</summary>
    public required long Runtime { get; init; }

    /// <summary>The student's weights, an adapter included.</summary>
    public required long Student { get; init; }

    /// <summary>Gradients of what is trained.</summary>
    public required long Gradients { get; init; }

    /// <summary>The optimizer's two moments.</summary>
    public required long Optimizer { get; init; }

    /// <summary>The teacher's weights.</summary>
    public required long Teacher { get; init; }

    /// <summary>Keys and values of the rollouts being written, and what else sampling holds.</summary>
    public required long Sampling { get; init; }

    /// <summary>Activations of one micro-batch, of both models, and what backward adds.</summary>
    public required long Activations { get; init; }

    /// <summary>Logits of one chunk of both models, and the gradient of the head.</summary>
    public required long Loss { get; init; }

    /// <summary>The most that is held at one time.</summary>
    public required long Peak { get; init; }

    /// <summary>What the machine has; 0 when that is not known.</summary>
    public required long Available { get; init; }

    /// <summary>True when the peak is below what the machine has, or that is not known.</summary>
    public bool Fits => Available == 0 || Peak <= Available;

    /// <summary>For people: <c>fits: 3.2 of 24.0 GB</c>.</summary>
    public string Summary => Available == 0 ? $"needs {Show(Peak)}" : $"{(Fits ? "fits" : "does not fit")}: {Show(Peak)[..^3]} of {Show(Available)}";

    /// <summary>Gigabytes (2^30 bytes) with one digit behind the point.</summary>
    public static string Show(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):F1} GB");
}
