using OpdCode.Protocol;
using static OpdCode.Daemon.Work.RunInput;
using static OpdCode.Protocol.RunState;

namespace OpdCode.Daemon.Work;

/// <summary>The life of a run as one pure function. Worker and supervisor ask it; neither decides by itself.</summary>
internal static class RunLife
{
    /// <summary>The state that follows; null when the input is refused in this state.</summary>
    public static RunState? Next(RunState state, RunInput input) => (state, input) switch
    {
        (Queued, Start) => Starting,
        (Queued, AskStop) => Stopped,
        (Queued, AskAbort) => Aborted,

        // What was asked while models load is kept, and done at the first step.
        (Starting, Load) => Running,
        (Pausing or Stopping or Aborting, Load) => state,

        (Starting or Running or Pausing, AskPause) => Pausing,
        (Paused, AskPause) => Paused,
        (Pausing, Hold) => Paused,
        (Pausing or Paused, AskResume) => Running,

        (Starting or Running or Pausing or Paused or Stopping, AskStop) => Stopping,
        (Stopping, Save) => Stopped,

        (Starting or Running or Pausing or Paused or Stopping or Aborting, AskAbort) => Aborting,
        (Aborting, Cancel) => Aborted,

        // The last step may come before what was asked.
        (Running or Pausing or Stopping or Aborting, Finish) => Completed,

        // Who aborts does not care how it ends.
        (Aborting, Fail or Lose) => Aborted,
        (Starting or Running or Pausing or Paused or Stopping, Fail) => Failed,
        (Starting or Running or Pausing or Paused or Stopping, Lose) => Interrupted,

        // A run that ended early goes on from its last checkpoint, once the device is free.
        (Stopped or Aborted or Failed or Interrupted, AskResume) => Queued,
        _ => null,
    };

    /// <summary>The state that follows.</summary>
    /// <exception cref="OpdException">OPD3006: the input is refused in this state.</exception>
    public static RunState Require(RunState state, RunInput input) => Next(state, input) ?? throw new OpdException(
        ErrorCodes.RunStateInvalid, $"The run is {Word(state)} and cannot be {Asked(input)}. {Hint(state)}");

    /// <summary>Whether a process computes, or holds memory, in this state.</summary>
    public static bool IsActive(RunState state) => state is Starting or Running or Pausing or Paused or Stopping or Aborting;

    /// <summary>Whether nothing more happens to the run by itself.</summary>
    public static bool IsEnded(RunState state) => !IsActive(state) && state != Queued;

    /// <summary>The state in a sentence.</summary>
    public static string Word(RunState state) => state.ToString().ToLowerInvariant();

    private static string Asked(RunInput input) => input switch
    {
        AskPause => "paused",
        AskResume => "resumed",
        AskStop => "stopped",
        AskAbort => "aborted",
        _ => $"changed by {input}",
    };

    private static string Hint(RunState state) => state switch
    {
        Completed => "All of its steps are done; rerun it, or start the recipe with more steps.",
        Running or Starting => "It is already going on.",
        Queued => "It waits for the device; take it out of the queue, or abort what computes.",
        Stopping or Aborting => "Wait until it has ended.",
        _ => "Resume it first.",
    };
}
