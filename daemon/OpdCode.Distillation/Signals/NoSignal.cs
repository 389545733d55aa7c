using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;

namespace OpdCode.Distillation.Signals;

/// <summary>Nobody judges: supervised learning, and rewards alone.</summary>
public sealed class NoSignal : ITokenSignal
{
    /// <inheritdoc />
    public IReadOnlyDictionary<string, double> Metrics { get; } = new Dictionary<string, double>();

    /// <inheritdoc />
    public string? Warning => null;

    /// <inheritdoc />
    public IReadOnlyList<IMethodState> States => [];

    /// <inheritdoc />
    public IReadOnlyList<Rollout> Prepare(IReadOnlyList<Rollout> rollouts, int step, CancellationToken cancel) => rollouts;

    /// <inheritdoc />
    public TokenRows Judge(SequenceBatch batch, TokenRows rows) => rows;

    /// <inheritdoc />
    public void Stepped(int step)
    {
        // Nothing follows the student.
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Nothing is held.
    }
}
