using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;

namespace OpdCode.Distillation.Signals;

/// <summary>Where the judgement of every token comes from, as the loop sees it.</summary>
public interface ITokenSignal : IDisposable
{
    /// <summary>Gives every rollout of a step what its judge will see; leaves out those that cannot be judged, adds those that a judge writes.</summary>
    /// <param name="rollouts">All rollouts of the step, scored by the recipe's rewards.</param>
    /// <param name="step">From 1.</param>
    /// <param name="cancel">Checked between tokens where something is written.</param>
    IReadOnlyList<Rollout> Prepare(IReadOnlyList<Rollout> rollouts, int step, CancellationToken cancel);

    /// <summary>The rows of a micro-batch with the judgement in them. No gradient flows into what is added.</summary>
    TokenRows Judge(SequenceBatch batch, TokenRows rows);

    /// <summary>Follows the student after an optimizer step.</summary>
    void Stepped(int step);

    /// <summary>Numbers of the step that has just been judged, by the name of their metric.</summary>
    IReadOnlyDictionary<string, double> Metrics { get; }

    /// <summary>What a person should know about the step that has just been judged; null for nothing.</summary>
    string? Warning { get; }

    /// <summary>What it carries from step to step.</summary>
    IReadOnlyList<IMethodState> States { get; }
}
