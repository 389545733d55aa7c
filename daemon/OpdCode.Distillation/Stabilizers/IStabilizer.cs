using OpdCode.Distillation.Objectives;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>One small change to the rows of a micro-batch before the objective sees them: weights, advantages, masks. Never a gradient path.</summary>
public interface IStabilizer
{
    /// <summary>Where in the fixed order it acts.</summary>
    StabilizerStage Stage { get; }

    /// <summary>The rows after it; the same instance where its setting is neutral.</summary>
    TokenRows Apply(TokenRows rows);
}
