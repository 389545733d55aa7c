using OpdCode.Distillation;
using OpdCode.Distillation.Runs;

namespace OpdCode.Daemon.Work;

/// <summary>A real run as <see cref="RunControl"/> sees it.</summary>
internal sealed class SessionRun(DistillationSession session, TimeProvider time) : ISteeredRun
{
    private bool _finished;

    /// <inheritdoc />
    public IEnumerable<StepReport> Steps(CancellationToken abort)
    {
        foreach (StepReport report in session.Run(abort)) yield return report;
        _finished = true;
    }

    /// <inheritdoc />
    public void Save() { }

    /// <inheritdoc />
    public void Stop() { }

    /// <inheritdoc />
    public bool IsFinished => _finished;

    /// <inheritdoc />
    public void Note(string name, int step, string message) => EventFile.Append(session.Folder, new RunEvent { Time = time.GetUtcNow(), Event = name, Step = step, Message = message });
}
