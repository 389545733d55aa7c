namespace OpdCode.Models.Decoding;

/// <summary>Rotary position embedding: base frequency and one of the published scalings.</summary>
public sealed record RopeConfig
{
    /// <summary>Base of the geometric frequencies (rope_theta).</summary>
    public required double Theta { get; init; }

    /// <summary>default, linear, dynamic, llama3 or yarn, as Hugging Face names them.</summary>
    public string Kind { get; init; } = "default";

    /// <summary>By how much the context is stretched.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Positions the model was first trained on.</summary>
    public int OriginalMaxPositions { get; init; }

    /// <summary>llama3: wavelengths longer than original/low are stretched fully.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>llama3: wavelengths shorter than original/high are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>yarn: rotations above which a dimension is kept.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>yarn: rotations below which a dimension is interpolated fully.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>yarn: multiplies cosine and sine; 0.1·ln(factor)+1 when absent.</summary>
    public double? AttentionFactor { get; init; }
}
