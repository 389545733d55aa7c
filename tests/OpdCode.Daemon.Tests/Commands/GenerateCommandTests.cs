using System.Text.Json;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Commands;

public sealed class GenerateCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public GenerateCommandTests() => _model = Write(_folder.File("model"), 4, gain: 5);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Greedy_text_is_the_most_likely_token_again_and_again()
    {
        JsonElement result = await CommandLine.Json("generate", "--model", _model, "--prompt", "ab", "--max-new-tokens", "8");
        List<int> ids = [.. result.GetProperty("promptIds").Ints()];
        JsonElement response = Assert.Single(result.GetProperty("responses").EnumerateArray());
        int[] written = response.GetProperty("ids").Ints();
        double[] logprobs = response.GetProperty("plainLogprobs").Doubles();
        for (int t = 0; t < written.Length; t++)
        {
            JsonElement positions = (await CommandLine.Json("logits", "--model", _model, "--ids", string.Join(',', ids), "--top", "1")).GetProperty("positions");
            JsonElement best = positions[ids.Count - 1].GetProperty("top")[0];
            Assert.Equal(best.GetProperty("id").GetInt32(), written[t]);
            Assert.Equal(best.GetProperty("logprob").GetDouble(), logprobs[t], 1e-4);
            ids.Add(written[t]);
        }
        Assert.True(written.Length == 8 || written[^1] == 257);
        Assert.Equal(written[^1] == 257 ? "stop" : "length", response.GetProperty("finish").GetString());
    }

    [Fact]
    public async Task Without_a_length_a_response_may_fill_the_context()
    {
        JsonElement result = await CommandLine.Json("generate", "--model", _model, "--prompt", "ab", "--temperature", "1");
        int length = result.GetProperty("responses")[0].GetProperty("ids").GetArrayLength();
        Assert.InRange(length, 1, 64 - result.GetProperty("promptIds").GetArrayLength());
    }

    [Fact]
    public async Task Samples_depend_on_the_seed_and_on_nothing_else()
    {
        string[] first = await Sample(1), again = await Sample(1), other = await Sample(2);
        Assert.Equal(3, first.Distinct().Count());
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public async Task A_plain_prompt_passes_the_template_by()
    {
        JsonElement plain = await CommandLine.Json("generate", "--model", _model, "--prompt", "ab", "--plain", "--max-new-tokens", "1"), chat = await CommandLine.Json("generate", "--model", _model, "--prompt", "ab", "--max-new-tokens", "1");
        Assert.Equal("plain", plain.GetProperty("format").GetString());
        Assert.Equal([97, 98], plain.GetProperty("promptIds").Ints());
        Assert.Equal("chat", chat.GetProperty("format").GetString());
        Assert.Equal([259, 97, 98, 257, 260], chat.GetProperty("promptIds").Ints());
    }

    private async Task<string[]> Sample(int seed) =>
        (await CommandLine.Json("generate", "--model", _model, "--prompt", "ab", "--max-new-tokens", "6", "--temperature", "1.5", "--samples", "3", "--seed", $"{seed}"))
            .GetProperty("responses").EnumerateArray().Select(r => string.Join(',', r.GetProperty("ids").Ints())).ToArray();
}
