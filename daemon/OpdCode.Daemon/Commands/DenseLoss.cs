using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Commands;

/// <summary>
/// The usual way to write a distillation loss: whole [N, V] logits, ordinary autograd. Only here to be measured against.
/// </summary>
internal static class DenseLoss
{
    /// <summary>Mean over rows of the recipe's divergence; supports the cases of the benchmark.</summary>
    public static torch.Tensor Mean(DivergenceObjectiveRecipe recipe, torch.Tensor studentHidden_ND, torch.Tensor studentHead_VD, torch.Tensor teacherHidden_NM, torch.Tensor teacherHead_VM)
    {
        torch.Tensor logTeacher_NV;
        using (torch.no_grad()) logTeacher_NV = teacherHidden_NM.matmul(teacherHead_VM.t()).to(torch.ScalarType.Float32).log_softmax(1);
        torch.Tensor logStudent_NV = studentHidden_ND.matmul(studentHead_VD.t()).to(torch.ScalarType.Float32).log_softmax(1);
        return recipe.Divergence switch
        {
            "reverse-kl" => Kl(logStudent_NV, logTeacher_NV),
            "forward-kl" => Kl(logTeacher_NV, logStudent_NV),
            "jsd" => Jsd(logStudent_NV, logTeacher_NV, recipe.Beta),
            _ => throw new ArgumentException($"No dense form of {recipe.Divergence}.", nameof(recipe)),
        };
    }

    private static torch.Tensor Kl(torch.Tensor logP_NV, torch.Tensor logQ_NV) => (logP_NV.exp() * (logP_NV - logQ_NV)).sum(1).mean();

    private static torch.Tensor Jsd(torch.Tensor logStudent_NV, torch.Tensor logTeacher_NV, double beta)
    {
        torch.Tensor logMixture_NV = torch.logaddexp(logStudent_NV + Math.Log(1 - beta), logTeacher_NV + Math.Log(beta));
        return beta * Kl(logTeacher_NV, logMixture_NV) + (1 - beta) * Kl(logStudent_NV, logMixture_NV);
    }
}
