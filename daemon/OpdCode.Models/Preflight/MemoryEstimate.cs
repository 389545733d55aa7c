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

    /// <summary>The optimizer's moments, and copies of the weights that the method keeps.</summary>
    public required long Optimizer { get; init; }

    /// <summary>Weights of whatever judges besides the student as it is: a teacher, a frozen or averaged copy, a base model.</summary>
    public required long Teacher { get; init; }

    /// <summary>Keys and values of the rollouts being written, and what else sampling holds.</summary>
    public required long Sampling { get; init; }

    /// <summary>What the student's forward pass keeps for its backward pass, for one micro-batch.</summary>
    public required long Activations { get; init; }

    /// <summary>What comes and goes meanwhile, at its most: a judge's reading, the loss with the gradient of the head, or the backward pass.</summary>
    public required long Loss { get; init; }

    /// <summary>The most that is held at one time.</summary>
    public required long Peak { get; init; }

    /// <summary>What is free on the device just now; 0 when that is not known.</summary>
    public required long Free { get; init; }

    /// <summary>All that the device has; 0 when that is not known.</summary>
    public required long Total { get; init; }

    /// <summary>True when the peak is below what is free, or that is not known.</summary>
    public bool Fits => Free == 0 || Peak <= Free;

    /// <summary>For people: <c>fits: 3.2 of 24.0 GB</c>, of what is free; with all that there is where that would be enough.</summary>
    public string Summary => Free == 0 ? $"needs {Show(Peak)}"
        : Fits ? $"fits: {Show(Peak)[..^3]} of {Show(Free)}"
        : $"does not fit: {Show(Peak)[..^3]} of {Show(Free)}" + (Peak <= Total ? $" free, {Show(Total)} in all" : "");

    /// <summary>Gigabytes (2^30 bytes) with one digit behind the point.</summary>
    public static string Show(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):F1} GB");
}
