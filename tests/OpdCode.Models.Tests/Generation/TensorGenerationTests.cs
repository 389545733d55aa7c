using OpdCode.Models.Decoding;
using OpdCode.Models.Generation;
using OpdCode.Models.Tests.Decoding;
using TorchSharp;

namespace OpdCode.Models.Tests.Generation;

/// <summary>What runs on a graphics card, on the processor.</summary>
public sealed class TensorGenerationTests
{
    private static readonly SamplingOptions s_options = new() { MaxNewTokens = 40, Temperature = 1, Seed = 11, StopIds = new HashSet<int> { 0 } };

    [Theory]
    [InlineData("llama", 1)]
    [InlineData("llama", 3)]
    [InlineData("qwen3", 8)]
    [InlineData("qwen3", 64)]
    public void A_response_is_the_same_whatever_is_written_beside_it(string type, int places)
    {
        using Decoder model = TinyModels.Create(type);
        // Groups of three share a prompt; lengths of prompts and responses differ, so rows join and leave all the time.
        int[][] prompts = [.. Enumerable.Range(0, 24).Select(i => Enumerable.Range(0, 1 + (i / 3 * 5 % 17)).Select(t => 2 + ((i / 3 * 7) + t) % 47).ToArray())];
        int[] limits = [.. Enumerable.Range(0, prompts.Length).Select(i => 1 + (i * 11 % 40))];
        IReadOnlyList<GeneratedSequence> together = Generate(model, prompts, s_options with { Limits = limits }, places);
        for (int i = 0; i < prompts.Length; i++)
        {
            GeneratedSequence alone = Generate(model, [prompts[i]], s_options with { Limits = [limits[i]] }, 1, stream: i)[0];
            Assert.Equal(alone.Ids, together[i].Ids);
            Assert.Equal(alone.Finish, together[i].Finish);
            for (int t = 0; t < alone.Ids.Length; t++)
            {
                Assert.Equal(alone.PlainLogprobs[t], together[i].PlainLogprobs[t], 1e-5f);
                Assert.Equal(alone.SamplerLogprobs[t], together[i].SamplerLogprobs[t], 1e-5f);
            }
        }
    }

    [Fact]
    public void A_long_text_beside_many_short_ones_keeps_what_it_has_read()
    {
        using Decoder model = TinyModels.Create("llama", json => json["max_position_embeddings"] = System.Text.Json.Nodes.JsonNode.Parse("900"));
        int[][] prompts = [.. Enumerable.Range(0, 12).Select(i => new[] { 2 + i, 3 })];
        int[] limits = [700, .. Enumerable.Range(0, 10).Select(i => 60 + i), 650]; // the last one joins late and outlives the first: slots are dropped
        SamplingOptions options = s_options with { Limits = limits, MaxNewTokens = 700, StopIds = new HashSet<int>() };
        IReadOnlyList<GeneratedSequence> together = Generate(model, prompts, options, 2);
        foreach (int i in new[] { 0, 5, 11 })
        {
            GeneratedSequence alone = Generate(model, [prompts[i]], options with { Limits = [limits[i]] }, 1, stream: i)[0];
            Assert.Equal(alone.Ids, together[i].Ids);
        }
    }

    [Fact]
    public void Rows_that_took_turns_are_no_longer_text_for_embeddings_that_depend_on_the_length()
    {
        using Decoder model = TinyModels.Create("llama", json =>
        {
            json["max_position_embeddings"] = System.Text.Json.Nodes.JsonNode.Parse("48");
            json["rope_scaling"] = System.Text.Json.Nodes.JsonNode.Parse("""{"rope_type": "dynamic", "factor": 2.0}""");
        });
        // No text is longer than the 48 tokens that stay unstretched, but the slots of the cache run past them.
        int[][] prompts = [.. Enumerable.Range(0, 8).Select(i => new[] { 2 + i, 3 })];
        int[] limits = [.. Enumerable.Range(0, 8).Select(i => 25 + (i * 5 % 20))];
        SamplingOptions options = s_options with { Limits = limits, MaxNewTokens = 46, StopIds = new HashSet<int>() };
        IReadOnlyList<GeneratedSequence> together = Generate(model, prompts, options, 2);
        for (int i = 0; i < prompts.Length; i++)
        {
            GeneratedSequence alone = Generate(model, [prompts[i]], options with { Limits = [limits[i]] }, 1, stream: i)[0];
            Assert.Equal(alone.Ids, together[i].Ids);
        }
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        using Decoder model = TinyModels.Create();
        int[][] prompts = [[1, 2, 3], [7], [4, 4, 9, 30], [5, 6]];
        Generate(model, prompts, s_options, 2); // the rotary table grows once
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 3; i++) Generate(model, prompts, s_options, 2);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static IReadOnlyList<GeneratedSequence> Generate(Decoder model, int[][] prompts, SamplingOptions options, int places, int stream = 0)
    {
        using var generation = new TensorGeneration(model, 50, prompts, [.. Enumerable.Range(stream, prompts.Length).Select(i => (long)i)], options, places);
        return generation.Run(null, default);
    }
}
