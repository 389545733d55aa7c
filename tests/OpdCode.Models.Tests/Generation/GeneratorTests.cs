using OpdCode.Models.Decoding;
using OpdCode.Models.Generation;
using OpdCode.Models.Tests.Decoding;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Tests.Generation;

public sealed class GeneratorTests
{
    private static readonly int[][] s_prompts = [[1, 2, 3], [7], [4, 4, 9, 30, 12, 6, 8], [5, 6, 7, 8], [2, 3]];
    private static readonly SamplingOptions s_options = new() { MaxNewTokens = 12, Temperature = 1, Seed = 11, StopIds = new HashSet<int> { 0, 1 } };

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen3")]
    public void A_batch_of_unequal_prompts_writes_what_each_prompt_writes_alone(string type)
    {
        using Decoder model = TinyModels.Create(type);
        IReadOnlyList<GeneratedSequence> together = Generate(model, s_prompts, s_options);
        for (int i = 0; i < s_prompts.Length; i++)
        {
            GeneratedSequence alone = Generator.Generate(model, 50, [s_prompts[i]], [i], s_options)[0];
            Assert.Equal(alone.Ids, together[i].Ids);
            for (int t = 0; t < alone.Ids.Length; t++) Assert.Equal(alone.PlainLogprobs[t], together[i].PlainLogprobs[t], 1e-5f);
        }
    }

    [Theory]
    [InlineData(1.0, 0, 1.0)]
    [InlineData(0.7, 0, 1.0)]
    [InlineData(1.3, 5, 1.0)]
    [InlineData(1.0, 0, 0.8)]
    [InlineData(0.9, 20, 0.9)]
    public void Recorded_log_probabilities_are_those_of_an_uncached_forward_pass(double temperature, int topK, double topP)
    {
        using Decoder model = TinyModels.Create();
        SamplingOptions options = s_options with { Temperature = temperature, TopK = topK, TopP = topP };
        IReadOnlyList<GeneratedSequence> written = Generate(model, s_prompts, options);
        using var none = torch.no_grad();
        for (int i = 0; i < written.Count; i++)
        {
            using var scope = torch.NewDisposeScope();
            int[] all = [.. s_prompts[i], .. written[i].Ids];
            float[] logits = model.Logits(model.Hidden(TinyModels.Ids(all), AttentionPattern.Causal)).data<float>().ToArray();
            for (int t = 0; t < written[i].Ids.Length; t++)
            {
                int row = s_prompts[i].Length + t - 1;
                double[] plain = Softmax(logits[(row * 50)..(row * 50 + 50)].Select(x => (double)x).ToArray());
                Assert.Equal(Math.Log(plain[written[i].Ids[t]]), written[i].PlainLogprobs[t], 1e-4);
                double[] sampled = Softmax(logits[(row * 50)..(row * 50 + 50)].Select(x => x / temperature).ToArray());
                double mass = Kept(sampled, topK, topP).Sum(id => sampled[id]);
                Assert.Contains(written[i].Ids[t], Kept(sampled, topK, topP));
                Assert.Equal(Math.Log(sampled[written[i].Ids[t]] / mass), written[i].SamplerLogprobs[t], 1e-4);
            }
        }
    }

    [Fact]
    public void A_mixture_writes_with_the_probabilities_of_both_models()
    {
        using Decoder model = TinyModels.Create(), other = TinyModels.Create("qwen3");
        long[] streams = [0, 1, 2, 3, 4];
        IReadOnlyList<GeneratedSequence> written = Generator.GenerateMixed(model, other, .3, 50, s_prompts, streams, s_options);
        using var none = torch.no_grad();
        for (int i = 0; i < written.Count; i++)
        {
            using var scope = torch.NewDisposeScope();
            int[] all = [.. s_prompts[i], .. written[i].Ids];
            float[] p = Probabilities(model), q = Probabilities(other);
            for (int t = 0; t < written[i].Ids.Length; t++)
            {
                int at = (s_prompts[i].Length + t - 1) * 50 + written[i].Ids[t];
                Assert.Equal(Math.Log(.7 * p[at] + .3 * q[at]), written[i].SamplerLogprobs[t], 1e-4);
            }

            float[] Probabilities(Decoder one) => one.Logits(one.Hidden(TinyModels.Ids(all), AttentionPattern.Causal)).softmax(-1).data<float>().ToArray();
        }
        // A vanishing share is the model alone; a batch writes what each row writes alone.
        using var alone = new TensorGeneration(model, 50, s_prompts, streams, s_options);
        Assert.Equal(alone.Run(null, default).Select(w => w.Ids), Generator.GenerateMixed(model, other, 1e-12, 50, s_prompts, streams, s_options).Select(w => w.Ids));
        Assert.Equal(Generator.GenerateMixed(model, other, .3, 50, [s_prompts[2]], [2], s_options)[0].Ids, written[2].Ids);
    }

    [Fact]
    public void Greedy_takes_the_most_likely_token_at_every_step()
    {
        using Decoder model = TinyModels.Create();
        GeneratedSequence written = Generate(model, [s_prompts[2]], s_options with { Temperature = 0, StopIds = new HashSet<int>() })[0];
        Assert.Equal(12, written.Ids.Length);
        Assert.Equal(FinishReason.Length, written.Finish);
        Assert.All(written.SamplerLogprobs, p => Assert.Equal(0, p));
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        torch.Tensor best_T = model.Logits(model.Hidden(TinyModels.Ids([.. s_prompts[2], .. written.Ids]), AttentionPattern.Causal)).argmax(-1).squeeze(0);
        for (int t = 0; t < 12; t++) Assert.Equal(best_T[s_prompts[2].Length + t - 1].ToInt64(), written.Ids[t]);
    }

    [Fact]
    public void A_stop_token_ends_the_response_and_stays_in_it()
    {
        using Decoder model = TinyModels.Create();
        var all = Enumerable.Range(0, 50).ToHashSet();
        GeneratedSequence written = Generate(model, [s_prompts[0]], s_options with { StopIds = all })[0];
        Assert.Single(written.Ids);
        Assert.Equal(FinishReason.Stop, written.Finish);
    }

    [Fact]
    public void Sampling_follows_the_distribution()
    {
        using Decoder model = TinyModels.Create();
        const int count = 4000;
        IReadOnlyList<GeneratedSequence> written = Generator.Generate(
            model, 50, Enumerable.Repeat(s_prompts[0], count).ToArray(), Enumerable.Range(0, count).Select(i => (long)i).ToArray(), s_options with { MaxNewTokens = 1 });
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        float[] logits = model.Logits(model.Hidden(TinyModels.Ids(s_prompts[0]), AttentionPattern.Causal).select(1, 2)).data<float>().ToArray();
        double[] expected = Softmax(logits.Select(x => (double)x).ToArray());
        for (int id = 0; id < 50; id++)
        {
            double found = written.Count(w => w.Ids[0] == id) / (double)count;
            Assert.Equal(expected[id], found, 4.5 * Math.Sqrt(expected[id] * (1 - expected[id]) / count) + 1e-4);
        }
    }

    [Fact]
    public void A_batch_beyond_the_limit_is_cut_without_anyone_noticing()
    {
        using Decoder model = TinyModels.Create();
        int[][] prompts = Enumerable.Range(0, 1500).Select(i => s_prompts[i % 5]).ToArray();
        IReadOnlyList<GeneratedSequence> written = Generate(model, prompts, s_options with { MaxNewTokens = 3 });
        Assert.Equal(1500, written.Count);
        foreach (int i in new[] { 0, 1023, 1024, 1499 })
            Assert.Equal(Generator.Generate(model, 50, [prompts[i]], [i], s_options with { MaxNewTokens = 3 })[0].Ids, written[i].Ids);
    }

    [Fact]
    public void Rows_of_the_head_beyond_the_vocabulary_are_never_written()
    {
        using Decoder model = TinyModels.Create();
        IReadOnlyList<GeneratedSequence> written = Generator.Generate(model, 10, s_prompts.Select(p => p.Select(id => id % 10).ToArray()).ToArray(), [0, 1, 2, 3, 4], s_options with { Temperature = 5, MaxNewTokens = 40 });
        Assert.All(written.SelectMany(w => w.Ids), id => Assert.InRange(id, 0, 9));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    public void A_prompt_that_cannot_be_continued_is_refused_with_its_length(int length)
    {
        using Decoder model = TinyModels.Create();
        OpdException error = Assert.Throws<OpdException>(() => Generate(model, [new int[length]], s_options));
        Assert.Equal(ErrorCodes.PromptTooLong, error.Code);
        if (length > 0) Assert.Contains("125 tokens", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(torch.ScalarType.Float32)] // written by the processor's own code where there is any
    [InlineData(torch.ScalarType.Float64)] // by tensors
    public void Every_response_is_told_of_once_and_as_soon_as_it_has_ended(torch.ScalarType type)
    {
        using Decoder model = TinyModels.Create(dtype: type);
        int[] limits = [9, 2, 7, 1, 4];
        var told = new List<(int Place, GeneratedSequence Written)>();
        SamplingOptions options = s_options with { Limits = limits, StopIds = new HashSet<int>() };
        IReadOnlyList<GeneratedSequence> written = Generator.Generate(model, 50, s_prompts, [0, 1, 2, 3, 4], options, (place, sequence) => told.Add((place, sequence)));
        Assert.Equal([3, 1, 4, 2, 0], told.Select(t => t.Place)); // the shortest first
        Assert.All(told, t => Assert.Same(written[t.Place], t.Written));
        Assert.Equal(limits, written.Select(w => w.Ids.Length));
    }

    [Fact]
    public void Generation_leaves_no_tensor_behind()
    {
        using Decoder model = TinyModels.Create();
        Generate(model, s_prompts, s_options); // the rotary table grows once
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 5; i++) Generate(model, s_prompts, s_options);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static IReadOnlyList<GeneratedSequence> Generate(Decoder model, int[][] prompts, SamplingOptions options) =>
        Generator.Generate(model, 50, prompts, Enumerable.Range(0, prompts.Length).Select(i => (long)i).ToArray(), options);

    private static HashSet<int> Kept(double[] p, int topK, double topP)
    {
        int[] order = Enumerable.Range(0, p.Length).OrderByDescending(i => p[i]).Take(topK > 0 ? topK : p.Length).ToArray();
        double total = order.Sum(i => p[i]), before = 0;
        var kept = new HashSet<int>();
        foreach (int id in order)
        {
            if (before / total < topP) kept.Add(id);
            before += p[id];
        }
        return kept;
    }

    private static double[] Softmax(double[] x)
    {
        double max = x.Max();
        double[] e = x.Select(v => Math.Exp(v - max)).ToArray();
        return e.Select(v => v / e.Sum()).ToArray();
    }
}
