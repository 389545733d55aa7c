using TorchSharp;

namespace OpdCode.Distillation.Signals;

/// <summary>What a judge is shown and what is made of its judgement.</summary>
internal sealed record JudgedSignalParts
{
    /// <summary>What the judge sees in the place of the prompt; null: the prompt.</summary>
    public IContextSource? Context { get; init; }

    /// <summary>Further contexts whose judgements are compared.</summary>
    public IReadOnlyList<IContextSource> Auxiliary { get; init; } = [];

    /// <summary>A misleading context; null for none.</summary>
    public IContextSource? Contrast { get; init; }

    /// <summary>A target beyond the judge; null for none.</summary>
    public Extrapolation? Extrapolation { get; init; }

    /// <summary>Lets the judge write the preferred responses of pairs; null when it writes nothing.</summary>
    public PreferredResponses? Preferred { get; init; }

    /// <summary>Whether the judge's weights stay what they are.</summary>
    public bool JudgeIsFixed { get; init; } = true;

    /// <summary>Sequences read at once; 0: all.</summary>
    public int MicroBatch { get; init; }

    /// <summary>Where it computes.</summary>
    public required torch.Device Device { get; init; }
}
