using Microsoft.Extensions.DependencyInjection;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Scoring;
using OpdCode.Daemon.Serving;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>What the daemon needs to supervise runs and to ask models.</summary>
internal static class RunServices
{
    private static readonly TimeSpan s_modelsIdle = TimeSpan.FromMinutes(5);

    /// <summary>Adds it; <see cref="Session"/>, <see cref="CatalogueAhead"/> and <see cref="IDaemonClient"/> must be there.</summary>
    public static IServiceCollection AddRuns(this IServiceCollection services)
    {
        services.AddSingleton(_ => WorkerLauncher.OfThisProgram());
        services.AddSingleton(provider => new Scorer(provider.GetRequiredService<WorkerLauncher>(), provider.GetRequiredService<TimeProvider>(), s_modelsIdle));
        services.AddSingleton(provider =>
        {
            Session session = provider.GetRequiredService<Session>();
            IDaemonClient client = provider.GetRequiredService<IDaemonClient>();
            return new RunsHost(() => session.RunsDirectory, provider.GetRequiredService<WorkerLauncher>(), provider.GetRequiredService<TimeProvider>(), client.RunsChanged)
            {
                Catalogue = provider.GetRequiredService<CatalogueAhead>().Of,
                MayStart = () => session.IsTrusted,
                BeforeStart = provider.GetRequiredService<Scorer>().Release,
            };
        });
        services.AddSingleton<IRunCalls, RunCalls>();
        services.AddSingleton<IModelCalls, ModelCalls>();
        services.AddHostedService<RunsFarewell>();
        return services;
    }
}
