using OpdCode.Distillation.Objectives;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>What a stabilizer may know besides the tokens.</summary>
/// <param name="Step">The optimizer step, from 1.</param>
/// <param name="Seed">The recipe's seed.</param>
/// <param name="Objective">Gives the advantages of whole responses, where it has them.</param>
internal sealed record StepContext(int Step, long Seed, IObjective Objective);
