using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using OpdCode.Protocol;
using StreamJsonRpc;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// One call of the wire bound to the object that answers it. Everything that is the same for all calls happens here:
/// initialize comes first, parameters fit their record, paths are inside of what was opened, nothing is started in a
/// restricted workspace, failures get a code, and the call is timed.
/// </summary>
internal sealed partial class RpcCall(System.Reflection.MethodInfo method, object target, Session session, RpcTrace trace, ILogger log)
{
    private readonly Type _parameters = method.GetParameters()[0].ParameterType;
    private readonly PropertyInfo? _result = method.ReturnType.GetProperty(nameof(Task<object>.Result));
    private readonly RpcMethodAttribute _rpc = method.GetCustomAttribute<RpcMethodAttribute>()!;

    /// <summary>The name on the wire.</summary>
    public string Name => _rpc.Name;

    /// <summary>Makes the call.</summary>
    /// <param name="parameters">What the client sent.</param>
    /// <param name="cancel">Cancelled by <c>$/cancelRequest</c> and when the client goes.</param>
    /// <returns>The answer's record.</returns>
    /// <exception cref="LocalRpcException">Whatever failed.</exception>
    public async Task<object?> Invoke(JsonElement parameters, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        trace.Asked(log, Name, parameters);
        string outcome = "ok";
        try
        {
            return await Task.Run(() => Answer(parameters, cancel), cancel);
        }
        catch (OperationCanceledException)
        {
            outcome = "cancelled";
            throw;
        }
        catch (Exception failure) // the edge: nothing is above it but the client
        {
            LocalRpcException told = RpcErrors.Of(failure);
            outcome = ((ErrorData)told.ErrorData!).Code;
            if (outcome == ErrorCodes.Unexpected) LogFailure(failure, Name);
            throw told;
        }
        finally
        {
            trace.Answered(log, Name, Stopwatch.GetElapsedTime(started), outcome);
        }
    }

    private async Task<object?> Answer(JsonElement json, CancellationToken cancel)
    {
        if (!session.IsInitialized && Name != "initialize")
            throw new OpdException(ErrorCodes.NotInitialized, $"{Name} came before initialize. A client's first call is initialize, with the version of the protocol that it speaks.");
        if (_rpc.StartsWork) session.RequireTrust(Name);
        object parameters = Bind(json);
        if (session.IsInitialized) session.Paths.RequireAll(parameters);
        var answer = (Task)method.Invoke(target, BindingFlags.DoNotWrapExceptions, null, [parameters, cancel], null)!;
        await answer;
        return _result!.GetValue(answer);
    }

    private object Bind(JsonElement json)
    {
        try
        {
            return json.Deserialize(_parameters, ProtocolJson.Options) ?? throw new JsonException("parameters are missing");
        }
        catch (JsonException failure)
        {
            throw RpcErrors.Parameters(Name, failure);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Call} failed in a way it should not.")]
    private partial void LogFailure(Exception failure, string call);
}
