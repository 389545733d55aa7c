using System.Text.Json;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Commands;

public sealed class LogitsCommandTests
{
    [Fact]
    public async Task Distributions_are_those_of_the_decoder()
    {
        using var folder = new TemporaryFolder();
        string model = Write(folder.File("model"), 3, gain: 4);
        int[] ids = [97, 98, 257, 0, 261];
        double[][] expected_TV = ForwardPass.Logprobs(model, ids);
        JsonElement[] whole = await Positions(model, ids, 0), top = await Positions(model, ids, 7);
        Assert.Equal(ids, whole.Select(p => p.GetProperty("id").GetInt32()));
        for (int t = 0; t < ids.Length; t++)
        {
            JsonElement[] all = [.. whole[t].GetProperty("top").EnumerateArray()], best = [.. top[t].GetProperty("top").EnumerateArray()];
            double[] logprobs = all.Select(a => a.GetProperty("logprob").GetDouble()).ToArray();
            Assert.Equal(262, all.Select(a => a.GetProperty("id").GetInt32()).Distinct().Count());
            Assert.Equal(1, logprobs.Sum(Math.Exp), 1e-5);
            Assert.Equal(logprobs.OrderDescending(), logprobs);
            Assert.All(all, a => Assert.Equal(expected_TV[t][a.GetProperty("id").GetInt32()], a.GetProperty("logprob").GetDouble(), 1e-5));
            Assert.Equal(all[..7].Select(a => a.GetProperty("id").GetInt32()), best.Select(a => a.GetProperty("id").GetInt32()));
            JsonElement next = whole[t].GetProperty("nextLogprob");
            if (t + 1 < ids.Length) Assert.Equal(expected_TV[t][ids[t + 1]], next.GetDouble(), 1e-5);
            else Assert.Equal(JsonValueKind.Null, next.ValueKind);
        }
    }

    private static async Task<JsonElement[]> Positions(string model, int[] ids, int top) =>
        [.. (await CommandLine.Json("logits", "--model", model, "--ids", string.Join(',', ids), "--top", $"{top}")).GetProperty("positions").EnumerateArray()];
}
