using OpdCode.Distillation.Kernels;
using TorchSharp;

namespace OpdCode.Distillation.Feedback;

/// <summary>The most likely tokens of one model at each row, and where the sampled token ranks among all.</summary>
/// <param name="Ids">Per row, best first.</param>
/// <param name="Logprobs">Their log-probabilities, nats.</param>
/// <param name="SampledRank">Rank of the sampled token, 1 = most likely; ties share the better rank.</param>
internal sealed record TokenAlternatives(int[][] Ids, float[][] Logprobs, int[] SampledRank)
{
    // Rows per pass: bounds the [rows, vocabulary] tensor whatever the response's length.
    private const int RowsPerPass = 64;

    /// <summary>Computes the alternatives at the given rows, a few rows at a time; without a head the rows are logits already.</summary>
    public static TokenAlternatives Of(torch.Tensor hidden_ND, torch.Tensor? head_VD, int vocabularySize, torch.Tensor sampled_N, int k)
    {
        using var none = torch.no_grad();
        int n = (int)hidden_ND.shape[0];
        k = Math.Min(k, vocabularySize);
        var ids = new int[n][];
        var logprobs = new float[n][];
        var ranks = new int[n];
        for (int start = 0; start < n; start += RowsPerPass)
        {
            using var scope = torch.NewDisposeScope();
            int count = Math.Min(RowsPerPass, n - start);
            torch.Tensor hidden_CD = hidden_ND.narrow(0, start, count);
            torch.Tensor logits_CV = head_VD is null ? hidden_CD : torch.nn.functional.linear(hidden_CD, head_VD);
            logits_CV = logits_CV.narrow(1, 0, vocabularySize).to_type(torch.float32);
            // The order is that of the logits; probabilities are needed of a few tokens only, and not [C, V] of them.
            torch.Tensor bestIds_CK = TopTokens.Ids_RK(logits_CV, k), best_CK = logits_CV.gather(1, bestIds_CK) - logits_CV.logsumexp(-1, keepdim: true);
            torch.Tensor sampled_C1 = logits_CV.gather(1, sampled_N.narrow(0, start, count).unsqueeze(1));
            long[] above = logits_CV.gt(sampled_C1).sum(-1).cpu().data<long>().ToArray();
            // An empty tensor cannot be copied out: without alternatives only the rank is wanted.
            float[] values = k == 0 ? [] : best_CK.cpu().contiguous().data<float>().ToArray();
            long[] keys = k == 0 ? [] : bestIds_CK.cpu().contiguous().data<long>().ToArray();
            for (int c = 0; c < count; c++)
            {
                ids[start + c] = keys.Skip(c * k).Take(k).Select(id => (int)id).ToArray();
                logprobs[start + c] = values.Skip(c * k).Take(k).ToArray();
                ranks[start + c] = (int)above[c] + 1;
            }
        }
        return new TokenAlternatives(ids, logprobs, ranks);
    }
}
