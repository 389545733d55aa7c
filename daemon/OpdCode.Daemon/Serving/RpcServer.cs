using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpdCode.Protocol;
using StreamJsonRpc;

namespace OpdCode.Daemon.Serving;

/// <summary>Answers the client until it goes, which is when the process ends.</summary>
internal sealed partial class RpcServer(ProcessStreams streams, EarlyFrames frames, IServiceProvider services, Session session, RpcTrace trace, DaemonClient client, IHostApplicationLifetime lifetime, ILogger<RpcServer> log)
    : IHostedService, IDisposable
{
    // One object a group; a group that is not registered is a group that this daemon does not have.
    private static readonly Type[] s_groups = [.. typeof(IDaemon).GetInterfaces()];
    private JsonRpc? _rpc;

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var formatter = new SystemTextJsonFormatter { JsonSerializerOptions = ProtocolJson.Create().WithColumns() };
        var handler = new FrameHandler(frames, streams.ToClient, formatter, log);
        _rpc = new JsonRpc(handler) { CancelLocallyInvokedMethodsWhenConnectionIsClosed = true };
        var calls = new HashSet<string>();
        foreach (Type group in s_groups)
            if (services.GetService(group) is { } target) Bind(_rpc, group, target, calls);
        handler.Methods = calls;
        _rpc.AddLocalRpcMethod(typeof(RpcServer).GetMethod(nameof(SetTrace))!, this, Settings("$/setTrace"));
        client.Attach(_rpc);
        _ = EndWith(_rpc.Completion);
        _rpc.StartListening();
        return Task.CompletedTask;
    }

    private void Bind(JsonRpc rpc, Type group, object target, HashSet<string> calls)
    {
        foreach (System.Reflection.MethodInfo method in group.GetMethods())
        {
            var call = new RpcCall(method, target, session, trace, log);
            calls.Add(call.Name);
            rpc.AddLocalRpcMethod(typeof(RpcCall).GetMethod(nameof(RpcCall.Invoke))!, call, Settings(call.Name));
        }
    }

    private static JsonRpcMethodAttribute Settings(string name) => new(name) { UseSingleObjectParameterDeserialization = true };

    /// <summary>A client's wish to see its calls in the log: <c>{ "value": "off" | "messages" | "verbose" }</c>.</summary>
    public void SetTrace(JsonElement parameters) =>
        trace.Level = parameters.TryGetProperty("value", out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "off";

    private async Task EndWith(Task connection)
    {
        try
        {
            await connection;
            LogClosed();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogLost(failure);
        }
        lifetime.StopApplication();
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _rpc?.Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public void Dispose() => _rpc?.Dispose();

    [LoggerMessage(Level = LogLevel.Information, Message = "The client closed the connection.")]
    private partial void LogClosed();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to the client was lost.")]
    private partial void LogLost(Exception failure);
}
