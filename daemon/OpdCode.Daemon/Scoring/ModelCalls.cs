using System.Text;
using OpdCode.Daemon.Rollouts;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Scoring;

/// <summary>Models asked directly, on the wire.</summary>
internal sealed class ModelCalls(Scorer scorer, IDaemonClient client) : IModelCalls
{
    /// <inheritdoc />
    public async Task<TokenFeedback> Score(ScoreParams parameters, CancellationToken cancel)
    {
        string line = await scorer.Score(parameters, Report(parameters.ProgressToken), cancel);
        // The same way as what was recorded: one number, one path.
        return FeedbackPage.Of(RolloutLineReader.Read(Encoding.UTF8.GetBytes(line), isWithTexts: true), 0, null, null, isWithAlternatives: parameters.TopK > 0);
    }

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
