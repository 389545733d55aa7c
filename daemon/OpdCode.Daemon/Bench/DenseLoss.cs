using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Bench;

/// <summary>
/// The usual way to write a distillation loss: whole [N, V] logits, ordinary autograd. Only here to be measured against.
/// </summary>
internal static class DenseLoss
{
    /// <summary>Weighted mean over rows of the recipe's divergence; supports the cases of the benchmark.</summary>
    public static torch.Tensor Mean(DivergenceObjectiveRecipe recipe, torch.Tensor studentHidden_ND, torch.Tensor studentHead_VD, torch.Tensor teacherHidden_NM, torch.Tensor teacherHead_VM, torch.Tensor weights_N)
    {
        torch.Tensor logTeacher_NV;
        using (torch.no_grad()) logTeacher_NV = teacherHidden_NM.matmul(teacherHead_VM.t()).to(torch.ScalarType.Float32).log_softmax(1);
        torch.Tensor logStudent_NV = studentHidden_ND.matmul(studentHead_VD.t()).to(torch.ScalarType.Float32).log_softmax(1);
        if (recipe.Support is TopKSupportRecipe support)
        {
            torch.Tensor ids_NK = logTeacher_NV.topk(support.K, 1).indexes;
            (logStudent_NV, logTeacher_NV) = (WithTail(logStudent_NV.gather(1, ids_NK)), WithTail(logTeacher_NV.gather(1, ids_NK)));
        }
        torch.Tensor loss_N = recipe.Divergence switch
        {
            "reverse-kl" => Kl_N(logStudent_NV, logTeacher_NV),
            "forward-kl" => Kl_N(logTeacher_NV, logStudent_NV),
            "jsd" => Jsd_N(logStudent_NV, logTeacher_NV, recipe.Beta),
            "skew-reverse-kl" => Kl_N(logStudent_NV, Mixture_NV(logStudent_NV, logTeacher_NV, 1 - recipe.Alpha!.Value)),
            _ => throw new ArgumentException($"No dense form of {recipe.Divergence}.", nameof(recipe)),
        };
        return (loss_N * weights_N).sum() / weights_N.shape[0];
    }

    private static torch.Tensor Kl_N(torch.Tensor logP_NV, torch.Tensor logQ_NV) => (logP_NV.exp() * (logP_NV - logQ_NV)).sum(1);

    private static torch.Tensor Mixture_NV(torch.Tensor logStudent_NV, torch.Tensor logTeacher_NV, double teacherWeight) =>
        torch.logaddexp(logStudent_NV + Math.Log(1 - teacherWeight), logTeacher_NV + Math.Log(teacherWeight));

    private static torch.Tensor Jsd_N(torch.Tensor logStudent_NV, torch.Tensor logTeacher_NV, double beta)
    {
        torch.Tensor logMixture_NV = Mixture_NV(logStudent_NV, logTeacher_NV, beta);
        return beta * Kl_N(logTeacher_NV, logMixture_NV) + (1 - beta) * Kl_N(logStudent_NV, logMixture_NV);
    }

    private static torch.Tensor WithTail(torch.Tensor log_NK) =>
        torch.cat([log_NK, log_NK.logsumexp(1, keepdim: true).clamp_max(-1e-7).expm1().neg().log()], 1);
}
