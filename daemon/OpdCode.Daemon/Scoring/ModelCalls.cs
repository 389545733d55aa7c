using OpdCode.Protocol;

namespace OpdCode.Daemon.Scoring;

/// <summary>Models asked directly, on the wire.</summary>
internal sealed class ModelCalls(Scorer scorer, IDaemonClient client) : IModelCalls
{
    /// <inheritdoc />
    public Task<TokenFeedback> Score(ScoreParams parameters, CancellationToken cancel) => throw new NotImplementedException();

    /// <inheritdoc />
    public Task<Generated> Generate(GenerateParams parameters, CancellationToken cancel) => scorer.Generate(parameters, Report(parameters.ProgressToken), cancel);

    /// <inheritdoc />
    public async Task<EmptyResult> ReleaseModels(EmptyParams parameters, CancellationToken cancel)
    {
        await scorer.Release();
        return new EmptyResult();
    }

    private Action<string, double?> Report(string? token) => token is null ? (_, _) => { } : (message, fraction) => _ = client.Progress(new Progress(token, message, fraction));
}
