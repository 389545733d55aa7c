namespace OpdCode.Protocol;

/// <summary>What was recorded of rollouts: lists, token feedback, what-if, export, import.</summary>
public interface IRolloutCalls
{
    /// <summary>Recorded rollouts of a run, a page at a time.</summary>
    [RpcMethod("rollouts/list")]
    Task<RolloutList> ListRollouts(ListRolloutsParams parameters, CancellationToken cancel);

    /// <summary>One rollout with its token feedback as aligned columns.</summary>
    [RpcMethod("rollouts/get")]
    Task<TokenFeedback> GetRollout(GetRolloutParams parameters, CancellationToken cancel);

    /// <summary>The tokens of a run or step where a metric is farthest from zero.</summary>
    [RpcMethod("rollouts/worst")]
    Task<WorstTokens> ListWorstTokens(WorstTokensParams parameters, CancellationToken cancel);

    /// <summary>What other stabilizers would have done to a stored rollout.</summary>
    [RpcMethod("rollouts/whatIf")]
    Task<WhatIf> ExplainRollout(WhatIfParams parameters, CancellationToken cancel);

    /// <summary>Writes a rollout as a self-contained HTML page or as JSON.</summary>
    [RpcMethod("rollouts/export")]
    Task<WrittenFile> ExportRollout(ExportRolloutParams parameters, CancellationToken cancel);

    /// <summary>Reads the token dump of another engine into a run folder of its own.</summary>
    [RpcMethod("rollouts/import")]
    Task<Run> ImportRollouts(ImportRolloutsParams parameters, CancellationToken cancel);
}
