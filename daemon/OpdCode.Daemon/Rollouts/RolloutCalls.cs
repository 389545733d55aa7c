using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>What was recorded of rollouts.</summary>
internal sealed class RolloutCalls(RolloutStore store) : IRolloutCalls
{
    /// <inheritdoc />
    public Task<RolloutList> ListRollouts(ListRolloutsParams parameters, CancellationToken cancel) => Task.FromResult(RolloutListing.List(store, parameters, cancel));

    /// <inheritdoc />
    public Task<TokenFeedback> GetRollout(GetRolloutParams parameters, CancellationToken cancel)
    {
        if (parameters.FromToken < 0 || parameters.Tokens is < 1)
            throw new OpdException(ErrorCodes.RequestInvalid, $"rollouts/get: fromToken is {parameters.FromToken} and tokens is {parameters.Tokens}; they begin at 0 and 1.");
        RolloutLine rollout = store.Read(parameters.RunId, parameters.Step, parameters.Index, cancel);
        return Task.FromResult(FeedbackPage.Of(rollout, parameters.FromToken, parameters.Tokens, parameters.Columns, parameters.Alternatives));
    }

    /// <inheritdoc />
    public Task<WorstTokens> ListWorstTokens(WorstTokensParams parameters, CancellationToken cancel) => Task.FromResult(WorstTokenSearch.Find(store, parameters, cancel));

    /// <inheritdoc />
    public Task<WhatIf> ExplainRollout(WhatIfParams parameters, CancellationToken cancel) => throw new NotImplementedException();

    /// <inheritdoc />
    public Task<WrittenFile> ExportRollout(ExportRolloutParams parameters, CancellationToken cancel) => throw new NotImplementedException();

    /// <inheritdoc />
    public Task<Run> ImportRollouts(ImportRolloutsParams parameters, CancellationToken cancel) => throw new NotImplementedException();
}
