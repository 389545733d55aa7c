namespace OpdCode.Protocol;

/// <summary>Which rollouts, in which order.</summary>
public sealed record ListRolloutsParams : RunParams
{
    /// <summary>Only this step; null: all recorded steps.</summary>
    public int? Step { get; init; }

    /// <summary>Text that prompt or response contains; null: any.</summary>
    public string? Search { get; init; }

    /// <summary>Only this prompt (<see cref="RolloutInfo.PromptId"/>): the same prompt over the steps of training; null: any.</summary>
    public string? PromptId { get; init; }

    /// <summary>Only correct, or only wrong ones; null: both.</summary>
    public bool? Correct { get; init; }

    /// <summary>Only those that ended so: <c>stop</c> or <c>length</c>; null: any.</summary>
    public string? Finish { get; init; }

    /// <summary><c>index</c>, <c>length</c>, or a token column and how to gather it: <c>divergence:mean</c>, <c>logRatio:max</c>, <c>weight:min</c>, <c>loss:sum</c>.</summary>
    public string Sort { get; init; } = "index";

    /// <summary>Largest first.</summary>
    public bool Descending { get; init; }

    /// <summary>How many to leave out at the front, ≥ 0.</summary>
    public int Offset { get; init; }

    /// <summary>How many at most, 1 to 1,000.</summary>
    public int Limit { get; init; } = 100;
}
