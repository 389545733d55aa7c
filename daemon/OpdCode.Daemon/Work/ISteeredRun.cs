using OpdCode.Distillation.Runs;

namespace OpdCode.Daemon.Work;

/// <summary>What <see cref="RunControl"/> steers. All of it is called between two steps, on the thread that makes them.</summary>
internal interface ISteeredRun
{
    /// <summary>The steps, made as they are asked for.</summary>
    IEnumerable<StepReport> Steps(CancellationToken abort);

    /// <summary>Writes a checkpoint of the step just made.</summary>
    void Save();

    /// <summary>Lets the steps end here, with a checkpoint.</summary>
    void Stop();

    /// <summary>Whether the last step was made.</summary>
    bool IsFinished { get; }

    /// <summary>Adds a line to the run's events.</summary>
    void Note(string name, int step, string message);
}
