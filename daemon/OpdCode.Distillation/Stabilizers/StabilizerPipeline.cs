using OpdCode.Distillation.Objectives;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>The stabilizers of a recipe in the fixed order of <see cref="StabilizerStage"/>; an empty list changes nothing.</summary>
/// <param name="stabilizers">In any order; those of one stage keep theirs.</param>
public sealed class StabilizerPipeline(IEnumerable<IStabilizer> stabilizers)
{
    private readonly IStabilizer[] _ordered = [.. stabilizers.OrderBy(s => s.Stage)];

    /// <summary>The rows after all stabilizers; the same instance when there are none.</summary>
    public TokenRows Apply(TokenRows rows) => _ordered.Aggregate(rows, (current, stabilizer) => stabilizer.Apply(current));
}
