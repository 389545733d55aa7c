using OpdCode.Distillation.Feedback;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Feedback;

public sealed class TokenAlternativesTests
{
    /// <summary>The slow twin: softmax in double precision, everything in order, ranks by counting.</summary>
    [Fact]
    public void Alternatives_are_the_likeliest_tokens_and_ranks_count_those_above()
    {
        const int N = 70, D = 6, V = 40, Vocabulary = 37, K = 5; // the head has rows that are no tokens, and there are more rows than a pass takes
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(3);
        torch.Tensor hidden_ND = torch.randn(N, D), head_VD = torch.randn(V, D), sampled_N = torch.randint(0, Vocabulary, N);
        TokenAlternatives found = TokenAlternatives.Of(hidden_ND, head_VD, Vocabulary, sampled_N, K);
        double[] logits_NV = torch.nn.functional.linear(hidden_ND, head_VD).to_type(torch.float64).contiguous().data<double>().ToArray();
        long[] sampled = sampled_N.data<long>().ToArray();
        for (int n = 0; n < N; n++)
        {
            double[] logits_V = logits_NV[(n * V)..((n * V) + Vocabulary)];
            double normalizer = Math.Log(logits_V.Sum(Math.Exp));
            int[] order = [.. Enumerable.Range(0, Vocabulary).OrderByDescending(v => logits_V[v])];
            Assert.Equal(order[..K], found.Ids[n]);
            for (int k = 0; k < K; k++) Assert.Equal(logits_V[order[k]] - normalizer, found.Logprobs[n][k], 1e-5);
            Assert.Equal(1 + logits_V.Count(l => l > logits_V[sampled[n]]), found.SampledRank[n]);
        }
    }

    [Fact]
    public void Without_alternatives_there_are_ranks()
    {
        using var scope = torch.NewDisposeScope();
        TokenAlternatives found = TokenAlternatives.Of(torch.tensor(new float[,] { { 1, 3, 2 } }), null, 3, torch.tensor((long[])[2]), 0);
        Assert.Equal(([], 2), (found.Ids[0], found.SampledRank[0]));
    }
}
