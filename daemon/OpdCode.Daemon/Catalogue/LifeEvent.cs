namespace OpdCode.Daemon.Catalogue;

/// <summary>An event that says where a run is in its life.</summary>
/// <param name="Event">started, resumed, paused, stopped, aborted, finished, failed, interrupted or imported.</param>
/// <param name="Time">When, in UTC.</param>
/// <param name="Step">The last step done.</param>
/// <param name="Code">Code of a failure; null without one.</param>
/// <param name="Message">For people.</param>
internal sealed record LifeEvent(string Event, DateTimeOffset Time, int Step, string? Code, string? Message);
