using OpdCode.Distillation.Objectives.Fused;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>A row loss between student and teacher that a recipe can name.</summary>
internal interface IDivergence : IRowLoss
{
    /// <summary>Formula and direction in plain text, for example "KL(student‖teacher)".</summary>
    string Formula { get; }
}
