namespace OpdCode.Protocol;

/// <summary>Something that happened to a run.</summary>
/// <param name="Time">When, in UTC.</param>
/// <param name="Event">started, resumed, evaluated, checkpoint, paused, stopped, finished, failed …</param>
/// <param name="Step">The last optimizer step done.</param>
/// <param name="Message">For people.</param>
public sealed record RunEventInfo(DateTimeOffset Time, string Event, int Step, string? Message);
