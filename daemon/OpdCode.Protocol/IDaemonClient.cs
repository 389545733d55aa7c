namespace OpdCode.Protocol;

/// <summary>What the daemon tells its client unasked. State and counters only, at most ten a second; the data are asked for.</summary>
public interface IDaemonClient
{
    /// <summary>Runs whose state or counters changed.</summary>
    [RpcMethod("runs/changed")]
    Task RunsChanged(RunsChanged changed);

    /// <summary>How far a long call is.</summary>
    [RpcMethod("$/progress")]
    Task Progress(Progress progress);
}
