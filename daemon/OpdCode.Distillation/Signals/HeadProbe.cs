using TorchSharp;

namespace OpdCode.Distillation.Signals;

/// <summary>A few numbers of a model's distribution at each row, without ever holding [rows × vocabulary]: a few rows at a time.</summary>
/// <remarks>N rows, C rows of a pass, M width, W rows of the head, V vocabulary. Nats, float64 for float64 inputs, else float32; no gradient.</remarks>
internal static class HeadProbe
{
    private const int RowsPerPass = 64;

    /// <summary>log p of a token at each row: [N], ≤ 0.</summary>
    public static torch.Tensor Logprobs_N(torch.Tensor hidden_NM, torch.Tensor? head_WM, int vocabulary, torch.Tensor ids_N) =>
        Passes(hidden_NM, head_WM, vocabulary, (logprobs_CV, start) => logprobs_CV.gather(1, ids_N.narrow(0, start, logprobs_CV.shape[0]).unsqueeze(1)).squeeze(1));

    /// <summary>The most likely token of each row, int64 [N].</summary>
    public static torch.Tensor Modal_N(torch.Tensor hidden_NM, torch.Tensor? head_WM, int vocabulary) =>
        Passes(hidden_NM, head_WM, vocabulary, (logprobs_CV, _) => logprobs_CV.argmax(-1));

    private static torch.Tensor Passes(torch.Tensor hidden_NM, torch.Tensor? head_WM, int vocabulary, Func<torch.Tensor, long, torch.Tensor> measure)
    {
        using var none = torch.no_grad();
        long rows = hidden_NM.shape[0];
        List<torch.Tensor> parts = [];
        for (long start = 0; start < rows; start += RowsPerPass)
        {
            using var scope = torch.NewDisposeScope();
            torch.Tensor hidden_CM = hidden_NM.narrow(0, start, Math.Min(RowsPerPass, rows - start));
            torch.Tensor logits_CV = (head_WM is null ? hidden_CM : torch.nn.functional.linear(hidden_CM, head_WM)).narrow(1, 0, vocabulary);
            if (logits_CV.dtype != torch.ScalarType.Float64) logits_CV = logits_CV.to_type(torch.float32);
            parts.Add(measure(logits_CV.log_softmax(-1), start).MoveToOuterDisposeScope());
        }
        return parts.Count == 1 ? parts[0] : torch.cat(parts);
    }
}
