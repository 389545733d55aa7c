namespace OpdCode.Protocol;

/// <summary>
/// Everything that can be asked of <c>opdcode serve</c>: JSON-RPC 2.0 over stdin and stdout, <c>Content-Length</c>
/// framing, one parameter object a call, camelCase. A failure carries its stable code and message as
/// <see cref="ErrorData"/>. Long calls report <c>$/progress</c> (<see cref="Progress"/>) under the
/// <c>progressToken</c> of their parameters and honour <c>$/cancelRequest</c>.
/// </summary>
public interface IDaemon : ISessionCalls, IRecipeCalls, IRunCalls, IMetricCalls, IRolloutCalls, IModelCalls;
