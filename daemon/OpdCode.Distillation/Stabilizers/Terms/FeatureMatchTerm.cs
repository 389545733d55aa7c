using OpdCode.Distillation.Objectives;
using OpdCode.Protocol;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers.Terms;

/// <summary>
/// c·mean over the width of (h_S − h_T)², the last hidden states at the tokens that count, over the trained tokens of the
/// step. Where rows hold logits instead of hidden states (a case to explain) those are compared. Source: UniSD (arXiv 2605.06597), its code.
/// </summary>
internal sealed class FeatureMatchTerm(FeatureMatchRecipe recipe) : ILossTerm
{
    /// <inheritdoc/>
    public string Name => "feature-match";

    /// <inheritdoc/>
    public string Label => FormattableString.Invariant($"{recipe.Coefficient}·mean squared difference of the last hidden states");

    /// <inheritdoc/>
    public (torch.Tensor Loss, torch.Tensor Loss_N) Evaluate(TokenRows rows)
    {
        torch.Tensor teacher_ND = TokenStatistics.Required(rows.TeacherHidden_NM, Name, "the teacher's hidden states").detach();
        if (teacher_ND.shape[1] != rows.StudentHidden_ND.shape[1])
        {
            throw new OpdException(ErrorCodes.ObjectiveRefused,
                $"The stabilizer feature-match compares hidden states of one width; the student's are {rows.StudentHidden_ND.shape[1]} wide and the teacher's {teacher_ND.shape[1]}. Choose a teacher of the student's shape, or remove feature-match.");
        }
        torch.ScalarType type = teacher_ND.dtype == torch.ScalarType.Float64 ? torch.ScalarType.Float64 : torch.ScalarType.Float32;
        torch.Tensor squared_N = (rows.StudentHidden_ND.to(type) - teacher_ND.to(type)).pow(2).mean([1]);
        torch.Tensor loss_N = squared_N * (rows.Counts_N(type) * recipe.Coefficient);
        return (loss_N.sum() / rows.Normalizer, loss_N.detach());
    }
}
