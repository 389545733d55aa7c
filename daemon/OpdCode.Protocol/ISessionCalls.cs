namespace OpdCode.Protocol;

/// <summary>Greeting and machine.</summary>
public interface ISessionCalls
{
    /// <summary>The first call: exchanges versions and says what the client has opened.</summary>
    [RpcMethod("initialize")]
    Task<InitializeResult> Initialize(InitializeParams parameters, CancellationToken cancel);

    /// <summary>What changed since initialize: folders opened, paths that the user chose in a dialog, trust granted. Replaces all that was said before.</summary>
    [RpcMethod("session/update")]
    Task<EmptyResult> UpdateSession(InitializeParams parameters, CancellationToken cancel);

    /// <summary>What there is to compute with.</summary>
    [RpcMethod("machine/get")]
    Task<MachineInfo> GetMachine(EmptyParams parameters, CancellationToken cancel);
}
