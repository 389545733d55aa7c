namespace OpdCode.Protocol;

/// <summary>Greeting and machine.</summary>
public interface ISessionCalls
{
    /// <summary>The first call: exchanges versions and says what the client has opened.</summary>
    [RpcMethod("initialize")]
    Task<InitializeResult> Initialize(InitializeParams parameters, CancellationToken cancel);

    /// <summary>What there is to compute with.</summary>
    [RpcMethod("machine/get")]
    Task<MachineInfo> GetMachine(EmptyParams parameters, CancellationToken cancel);
}
