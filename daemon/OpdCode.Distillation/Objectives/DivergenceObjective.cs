using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>
/// A row loss (a divergence between student and teacher, or the next-token loss) at every row, weighted and normalised.
/// </summary>
internal sealed class DivergenceObjective(IRowLoss loss, string label, LossNormalization normalize, double studentTemperature, double teacherTemperature, bool hasMass, double scale = 1)
    : IObjective
{
    /// <inheritdoc/>
    public bool NeedsTeacher => loss.NeedsTeacher;

    /// <inheritdoc/>
    public bool HasDivergence => NeedsTeacher;

    /// <inheritdoc/>
    public string Label => label;

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenRows rows)
    {
        if (NeedsTeacher && rows.TeacherHidden_NM is null)
            throw new OpdException(ErrorCodes.ObjectiveInputMissing, $"{label} needs the teacher's distribution at every token, and these rows have none. Add a teacher signal.");
        RowSignalBuffers signals = RowSignalBuffers.For(rows, hasMass);
        torch.Tensor coefficients_N = RowCoefficients.For(rows, normalize, signals.Loss_N.dtype);
        if (scale != 1) coefficients_N.mul_(scale);
        torch.Tensor total = new FusedLoss(loss, studentTemperature, teacherTemperature).Apply(rows, coefficients_N, signals);
        torch.Tensor shown_N = signals.Loss_N * rows.Weights_N.detach() * scale;
        if (rows.ConstantLoss_N is { } constant_N)
        {
            total += (RowCoefficients.For(rows with { Weights_N = constant_N }, normalize, signals.Loss_N.dtype) * scale).sum();
            shown_N += constant_N * scale;
        }
        return new ObjectiveResult(total, new TokenSignals
        {
            StudentLogprob_N = signals.StudentLogprob_N,
            TeacherLogprob_N = signals.TeacherLogprob_N,
            Divergence_N = NeedsTeacher ? signals.Loss_N : null,
            StudentEntropy_N = signals.StudentEntropy_N,
            TeacherEntropy_N = signals.TeacherEntropy_N,
            StudentMass_N = signals.StudentMass_N,
            TeacherMass_N = signals.TeacherMass_N,
            Loss_N = shown_N,
        });
    }
}
