namespace OpdCode.Distillation.Objectives.Explaining;

/// <summary>What happened to one sequence.</summary>
/// <param name="Tokens">One entry per position.</param>
/// <param name="Gradient">d loss / d student logit, T rows of V numbers; zero rows where the mask is 0.</param>
public sealed record ExplainedSequence(IReadOnlyList<ExplainedToken> Tokens, double[][] Gradient);
