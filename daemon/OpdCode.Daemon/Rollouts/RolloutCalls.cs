using OpdCode.Daemon.Rollouts.Import;
using OpdCode.Daemon.Serving;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>What was recorded of rollouts.</summary>
internal sealed class RolloutCalls(RolloutStore store, Session session, IDaemonClient client, TimeProvider time) : IRolloutCalls
{
    private readonly RolloutWhatIf _whatIf = new();

    /// <inheritdoc />
    public Task<RolloutList> ListRollouts(ListRolloutsParams parameters, CancellationToken cancel) => RolloutListing.List(store, parameters, cancel);

    /// <inheritdoc />
    public Task<TokenFeedback> GetRollout(GetRolloutParams parameters, CancellationToken cancel)
    {
        if (parameters.FromToken < 0 || parameters.Tokens is < 1)
            throw new OpdException(ErrorCodes.RequestInvalid, $"rollouts/get: fromToken is {parameters.FromToken} and tokens is {parameters.Tokens}; they begin at 0 and 1.");
        RolloutLine rollout = store.Read(parameters.RunId, parameters.Step, parameters.Index, cancel);
        return Task.FromResult(FeedbackPage.Of(rollout, parameters.FromToken, parameters.Tokens, parameters.Columns, parameters.Alternatives));
    }

    /// <inheritdoc />
    public Task<WorstTokens> ListWorstTokens(WorstTokensParams parameters, CancellationToken cancel) => WorstTokenSearch.Find(store, parameters, cancel);

    /// <inheritdoc />
    public Task<WhatIf> ExplainRollout(WhatIfParams parameters, CancellationToken cancel)
    {
        store.Read(parameters.RunId, parameters.Step, parameters.Index, cancel); // it is there
        RolloutLine own = store.File(parameters.RunId, parameters.Step).Read(parameters.Index, cancel)!; // one of its own, to change
        return Task.FromResult(_whatIf.Of(session.RunFolder(parameters.RunId), own, parameters));
    }

    /// <inheritdoc />
    public Task<WrittenFile> ExportRollout(ExportRolloutParams parameters, CancellationToken cancel)
    {
        RolloutExport.Write(store, session.RunFolder(parameters.RunId), parameters, cancel);
        return Task.FromResult(new WrittenFile(parameters.Path));
    }

    /// <inheritdoc />
    public async Task<Run> ImportRollouts(ImportRolloutsParams parameters, CancellationToken cancel)
    {
        Func<double, Task> progress = parameters.ProgressToken is { } token
            ? share => client.Progress(new Progress(token, $"Importing {Path.GetFileName(parameters.Path)}", share))
            : _ => Task.CompletedTask;
        Run run = await new RolloutImport(session.RunsDirectory, time).Read(parameters, progress, cancel);
        await client.RunsChanged(new RunsChanged([run], []));
        return run;
    }
}
