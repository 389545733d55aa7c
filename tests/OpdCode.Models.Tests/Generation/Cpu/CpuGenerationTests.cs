using OpdCode.Models.Decoding;
using OpdCode.Models.Generation;
using OpdCode.Models.Generation.Cpu;
using OpdCode.Models.Tests.Decoding;

namespace OpdCode.Models.Tests.Generation.Cpu;

public sealed class CpuGenerationTests
{
    // 5 prompts, one of 90 tokens, 40 samples each, not side by side: more than there are places, lengths from 1 to 30.
    private static readonly int[][] s_prompts = Enumerable.Range(0, 200)
        .Select(i => Enumerable.Range(0, new[] { 3, 1, 17, 90, 16 }[i % 5]).Select(t => (t * 7 + i % 5) % 50).ToArray()).ToArray();

    private static readonly long[] s_streams = Enumerable.Range(0, 200).Select(i => 1000L - i).ToArray();

    private static readonly SamplingOptions s_options = new()
    {
        MaxNewTokens = 30, Limits = Enumerable.Range(0, 200).Select(i => 1 + i * 11 % 30).ToArray(), Seed = 4, Temperature = 0.9, StopIds = new HashSet<int> { 13 },
    };

    [Fact]
    public void A_full_house_writes_to_the_last_bit_what_each_writes_alone()
    {
        using Decoder model = TinyModels.Create("qwen3");
        IReadOnlyList<GeneratedSequence> together = CpuGeneration.Run(model, 50, s_prompts, s_streams, s_options, null, default);
        Assert.Contains(together, w => w.Finish == FinishReason.Stop);
        for (int i = 0; i < s_prompts.Length; i++)
        {
            int limit = s_options.Limits![i];
            GeneratedSequence alone = CpuGeneration.Run(model, 50, [s_prompts[i]], [s_streams[i]], s_options with { MaxNewTokens = limit, Limits = null }, null, default)[0];
            Assert.Equal(alone.Ids, together[i].Ids);
            Assert.Equal(alone.PlainLogprobs, together[i].PlainLogprobs);
            Assert.Equal(alone.SamplerLogprobs, together[i].SamplerLogprobs);
            Assert.Equal(alone.Finish, together[i].Finish);
            Assert.True(alone.Finish == FinishReason.Stop || alone.Ids.Length == limit);
        }
    }

    [Theory]
    [InlineData(1.0, 0, 1.0)]
    [InlineData(0.0, 0, 1.0)]
    [InlineData(0.7, 7, 1.0)]
    [InlineData(1.2, 0, 0.9)]
    [InlineData(1.0, 12, 0.7)]
    public void Tensors_and_kernels_write_the_same(double temperature, int topK, double topP)
    {
        using Decoder model = TinyModels.Create("llama", json => json["vocab_size"] = System.Text.Json.Nodes.JsonNode.Parse("1300"));
        SamplingOptions options = s_options with { Temperature = temperature, TopK = topK, TopP = topP };
        IReadOnlyList<GeneratedSequence> kernels = CpuGeneration.Run(model, 1200, s_prompts, s_streams, options, null, default);
        using var tensorGeneration = new TensorGeneration(model, 1200, s_prompts, s_streams, options);
        IReadOnlyList<GeneratedSequence> tensors = tensorGeneration.Run(null, default);
        int different = 0;
        for (int i = 0; i < s_prompts.Length; i++)
        {
            // A draw within the rounding of two tokens' border may fall on either side; what follows is then another text.
            if (!kernels[i].Ids.SequenceEqual(tensors[i].Ids))
            {
                different++;
                continue;
            }
            for (int t = 0; t < kernels[i].Ids.Length; t++)
            {
                Assert.Equal(tensors[i].PlainLogprobs[t], kernels[i].PlainLogprobs[t], 5e-5f);
                Assert.Equal(tensors[i].SamplerLogprobs[t], kernels[i].SamplerLogprobs[t], 5e-5f);
            }
        }
        Assert.InRange(different, 0, 2);
    }

    [Fact]
    public void Cancelling_stops_between_tokens()
    {
        using Decoder model = TinyModels.Create();
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => CpuGeneration.Run(model, 50, s_prompts, s_streams, s_options, null, cancel.Token));
    }

    [Fact]
    public void Weights_too_large_to_be_held_twice_are_left_to_tensors()
    {
        using Decoder model = TinyModels.Create();
        Assert.True(CpuGeneration.Supports(model, 100));
        Assert.False(CpuMemory.Fits(model.Config with { HiddenSize = 1 << 18, Layers = 1000 }));
    }

    [Fact]
    public void Blocks_are_shared_until_the_last_holder_gives_them_back()
    {
        using var pool = new TokenBlocks(32);
        using var prompt = new TokenSequence(pool);
        prompt.Reserve(40);
        Assert.Equal(3, pool.Used);
        TokenSequence first = prompt.Fork(41), second = prompt.Fork(32);
        Assert.Equal(4, pool.Used); // the first copies the third block, the second has two full ones
        Assert.Equal(prompt.Blocks[1], first.Blocks[1]);
        Assert.NotEqual(prompt.Blocks[2], first.Blocks[2]);
        prompt.Dispose();
        Assert.Equal(3, pool.Used);
        first.Dispose();
        Assert.Equal(2, pool.Used);
        second.Reserve(32);
        second.Dispose();
        Assert.Equal(0, pool.Used);
    }

    [Fact]
    public void A_team_does_every_chunk_once_and_brings_failures_back()
    {
        using var team = new ThreadTeam(3);
        for (int job = 0; job < 2000; job++)
        {
            int chunks = 1 + job % 7;
            var done = new int[chunks];
            team.Run(chunks, (chunk, worker) => Interlocked.Increment(ref done[chunk]));
            Assert.All(done, times => Assert.Equal(1, times));
        }
        using var both = new Barrier(2);
        Assert.Throws<InvalidTimeZoneException>(() => team.Run(2, (_, worker) =>
        {
            both.SignalAndWait(TimeSpan.FromSeconds(10));
            if (worker > 0) throw new InvalidTimeZoneException();
        }));
        team.Run(1, (_, _) => { });
    }
}
