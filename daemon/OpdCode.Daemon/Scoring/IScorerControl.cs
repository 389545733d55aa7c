using OpdCode.Protocol;

namespace OpdCode.Daemon.Scoring;

/// <summary>What can be asked of a scorer process on its pipe.</summary>
internal interface IScorerControl
{
    /// <summary>What a teacher says to every token of a text; a line of rollouts/*.jsonl.</summary>
    Task<string> Score(ScoreParams parameters, IProgress<ScorerProgress> progress, CancellationToken cancel);

    /// <summary>Text that a model writes after a prompt.</summary>
    Task<Generated> Generate(GenerateParams parameters, IProgress<ScorerProgress> progress, CancellationToken cancel);

    /// <summary>Accuracy of a checkpoint on the held-out prompts of its run's recipe.</summary>
    Task<CheckpointScore> Evaluate(string runFolder, int step, IProgress<ScorerProgress> progress, CancellationToken cancel);
}
