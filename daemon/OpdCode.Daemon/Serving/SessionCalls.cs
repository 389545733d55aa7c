using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using OpdCode.Daemon.Commands;
using OpdCode.Daemon.Supervision;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>Greeting and machine.</summary>
internal sealed partial class SessionCalls(Session session, RunsHost runs, ParentProcess parent, ILogger<SessionCalls> log) : ISessionCalls
{
    private readonly Lazy<MachineInfo> _machine = new(MachineCommand.Look);

    /// <inheritdoc />
    public Task<InitializeResult> Initialize(InitializeParams parameters, CancellationToken cancel)
    {
        if (session.IsInitialized) throw new OpdException(ErrorCodes.RequestInvalid, "initialize was called twice. Use session/update to tell what changed.");
        RequireVersion(parameters);
        session.Take(parameters);
        if (parameters.ProcessId is int process) parent.Watch(process);
        runs.Prepare();
        LogClient(parameters.Client, parameters.ProtocolVersion, session.RunsDirectory);
        return Task.FromResult(new InitializeResult
        {
            ProtocolVersion = ProtocolVersion.Current,
            DaemonVersion = DaemonVersion,
            RunsDirectory = session.RunsDirectory,
            ProcessId = Environment.ProcessId,
        });
    }

    /// <inheritdoc />
    public Task<EmptyResult> UpdateSession(InitializeParams parameters, CancellationToken cancel)
    {
        RequireVersion(parameters);
        session.Take(parameters);
        return Task.FromResult(new EmptyResult());
    }

    /// <inheritdoc />
    public Task<MachineInfo> GetMachine(EmptyParams parameters, CancellationToken cancel) => Task.FromResult(_machine.Value);

    private static string DaemonVersion => typeof(SessionCalls).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static void RequireVersion(InitializeParams client)
    {
        string asked = client.ProtocolVersion, ours = ProtocolVersion.Current;
        if (!int.TryParse(asked.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major))
            throw new OpdException(ErrorCodes.RequestInvalid, $"protocolVersion is \"{asked}\"; major.minor is expected, for example {ours}.");
        int own = int.Parse(ours.Split('.')[0], CultureInfo.InvariantCulture);
        if (major == own) return;
        string remedy = major > own ? $"Update the daemon (this is opdcode {DaemonVersion})" : "Update the extension";
        throw new OpdException(ErrorCodes.ProtocolVersionMismatch, $"The client {client.Client} speaks version {asked} of the protocol, this daemon {ours}. {remedy}, so that both are of the same release.");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Client} speaks {Version}; runs are in {RunsDirectory}.")]
    private partial void LogClient(string client, string version, string runsDirectory);
}
