using OpdCode.Distillation;
using OpdCode.Distillation.Runs;

namespace OpdCode.Daemon.Work;

/// <summary>A real run as <see cref="RunControl"/> sees it.</summary>
internal sealed class SessionRun(DistillationSession session, TimeProvider time) : ISteeredRun
{
    private int _step;

    /// <inheritdoc />
    public IEnumerable<StepReport> Steps(CancellationToken abort)
    {
        using IEnumerator<StepReport> steps = session.Run(abort).GetEnumerator();
        while (Advance(steps, abort))
        {
            _step = steps.Current.Step;
            yield return steps.Current;
        }
    }

    private bool Advance(IEnumerator<StepReport> steps, CancellationToken abort)
    {
        try
        {
            abort.ThrowIfCancellationRequested();
            return steps.MoveNext();
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            Note("aborted", _step, "Nothing was saved since the last checkpoint; it can be resumed from there.");
            throw;
        }
    }

    /// <inheritdoc />
    public void Save() => session.SaveNow();

    /// <inheritdoc />
    public void Stop() => session.RequestStop(StopKind.Stop);

    /// <inheritdoc />
    public bool IsFinished => session.Ending == "finished";

    /// <inheritdoc />
    public void Note(string name, int step, string message) => EventFile.Append(session.Folder, new RunEvent { Time = time.GetUtcNow(), Event = name, Step = step, Message = message });
}
