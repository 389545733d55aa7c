namespace OpdCode.Distillation.Objectives.Explaining;

/// <summary>An extrapolated target, as <c>signal.extrapolation</c> of a recipe makes it (G-OPD, ExOPD, arXiv 2602.12125).</summary>
/// <param name="Lambda">1: the teacher; above: beyond it, away from the base; 0: the base.</param>
public sealed record ExplainExtrapolation(double Lambda);
