using OpdCode.Distillation.Objectives;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>One small change to the rows of a step before the objective sees them: weights, advantages, masks, added losses. Never a gradient path.</summary>
internal interface IStabilizer
{
    /// <summary>The kind as in a recipe.</summary>
    string Kind { get; }

    /// <summary>Where in the fixed order it acts.</summary>
    StabilizerStage Stage { get; }

    /// <summary>Whether its setting is neutral: then it is left out, and the rows stay what they are, bit for bit.</summary>
    bool IsNeutral { get; }

    /// <summary>What it asks about the tokens.</summary>
    StabilizerNeeds Needs { get; }

    /// <summary>Whether a token's weight depends on tokens of other prompts: then it must see the whole step, not a micro-batch.</summary>
    bool SeesWholeStep { get; }

    /// <summary>The rows after it; the same instance where it changes nothing.</summary>
    /// <param name="rows">The rows; a weight of 0 marks a row that is left out and must not count in anything.</param>
    /// <param name="statistics">What <see cref="Needs"/> asked for.</param>
    /// <param name="context">Step, seed and objective.</param>
    TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context);
}
