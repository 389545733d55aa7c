namespace OpdCode.Protocol;

/// <summary>What a run needs, in bytes. Parts take turns, so the peak is less than their sum.</summary>
public sealed record RecipeEstimate
{
    /// <summary>The most that is held at one time.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>What is free on the device; 0 when not known.</summary>
    public required long AvailableBytes { get; init; }

    /// <summary>True when the peak is below what is free, or that is not known.</summary>
    public required bool Fits { get; init; }

    /// <summary>For people: <c>fits: 3.2 of 24.0 GB</c>.</summary>
    public required string Summary { get; init; }

    /// <summary>Bytes by part: student, teacher (all judges), gradients, optimizer, sampling, activations, loss, runtime.</summary>
    public required IReadOnlyDictionary<string, long> Parts { get; init; }
}
