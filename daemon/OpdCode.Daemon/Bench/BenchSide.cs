namespace OpdCode.Daemon.Bench;

/// <summary>Which of the two things that a case compares.</summary>
internal enum BenchSide
{
    /// <summary>The code that runs use.</summary>
    Ours,

    /// <summary>The named baseline.</summary>
    Baseline,
}
