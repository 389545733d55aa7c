namespace OpdCode.Daemon.Bench.Waiting;

/// <summary>What <c>opdcode bench daemon --json</c> prints.</summary>
/// <param name="Processors">How many the machine has.</param>
/// <param name="Figures">One per measurement.</param>
internal sealed record DaemonReport(int Processors, IReadOnlyList<DaemonFigure> Figures);
