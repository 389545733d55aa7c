using OpdCode.Protocol;

namespace OpdCode.Daemon.Work;

/// <summary>What a worker answers on its pipe.</summary>
/// <param name="State">Where it is in its life.</param>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="Process">Its process id.</param>
internal sealed record WorkerStatus(RunState State, int Step, int Process);
