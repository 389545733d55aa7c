using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Metrics;
using OpdCode.Daemon.Rollouts;
using OpdCode.Daemon.Supervision;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>Puts the daemon together and lives as long as it does.</summary>
internal static class DaemonHost
{
    private const int LeastThreads = 8;

    /// <summary>Longest time between the end of the connection and the end of the process.</summary>
    private static readonly TimeSpan s_farewell = TimeSpan.FromMilliseconds(700);

    /// <summary>Serves until the client goes.</summary>
    /// <param name="streams">The process's own.</param>
    /// <param name="level">The least level that is logged.</param>
    /// <param name="cancel">Asks to end.</param>
    public static async Task Serve(ProcessStreams streams, LogLevel level, CancellationToken cancel)
    {
        // Calls wait for each other and for disks, and threads beyond the least number come two a second.
        ThreadPool.SetMinThreads(Math.Max(LeastThreads, Environment.ProcessorCount), LeastThreads);
        var ahead = new CatalogueAhead(TimeProvider.System, PageRehearsal.Run);
        var frames = new EarlyFrames(new FrameReader(streams.FromClient));
        frames.Listen(client => Begin(ahead, client));
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(level).AddProvider(new JsonLineLoggerProvider(streams.Log));
        // The library's own steps are of no use to a user.
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton(streams).AddSingleton(frames).AddSingleton(ahead);
        AddServices(builder.Services);
        using IHost host = builder.Build();
        ILogger stray = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("output");
        streams.FollowStray(line => stray.Log(LogLevel.Information, default, line, null, static (text, _) => text));
        await host.RunAsync(cancel);
    }

    private static void Begin(CatalogueAhead ahead, InitializeParams client)
    {
        try
        {
            ahead.Begin(new RunsFolder(SessionFacts.Of(client).RunsDirectory));
        }
        catch (OpdException)
        {
            // The client is told when initialize is answered.
        }
    }

    private static void AddServices(IServiceCollection services)
    {
        services.Configure<HostOptions>(options => options.ShutdownTimeout = s_farewell);
        services.Configure<ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<Session>();
        services.AddSingleton<RpcTrace>();
        services.AddSingleton<ParentProcess>();
        services.AddSingleton<DaemonClient>();
        services.AddSingleton<IDaemonClient>(provider => provider.GetRequiredService<DaemonClient>());
        services.AddSingleton<ISessionCalls, SessionCalls>();
        services.AddSingleton<IRecipeCalls, RecipeCalls>();
        services.AddSingleton<MetricCache>();
        services.AddSingleton<IMetricCalls, MetricCalls>();
        services.AddSingleton<RolloutStore>();
        services.AddSingleton<IRolloutCalls, RolloutCalls>();
        services.AddRuns();
        services.AddHostedService<RpcServer>();
    }
}
