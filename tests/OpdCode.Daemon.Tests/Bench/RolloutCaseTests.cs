using System.Text.Json;
using OpdCode.Daemon.Bench;
using OpdCode.Daemon.Bench.Work;
using OpdCode.Daemon.Tests.Commands;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using TorchSharp;

namespace OpdCode.Daemon.Tests.Bench;

[Collection(BenchTestsCollection.Name)]
public sealed class RolloutCaseTests
{
    private static readonly BenchShape s_shape = new(32, 2, 4, 2, 48, 100);

    [Fact]
    public void The_baseline_computes_the_model_that_it_is_measured_on()
    {
        TorchRuntime.EnsureLoaded();
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using Decoder model = new BenchSetting(null, s_shape, 1, false).CreateDecoder(s_shape);
        model.Weights.Values_P.mul_(10); // initial weights are small: attention would be even, and mistakes would not show
        torch.Tensor ids_BT = torch.tensor(new long[] { 5, 9, 1, 42, 0, 0, 7, 3 }, [2, 4]), seen_BT = torch.tensor(new long[] { 1, 1, 1, 1, 0, 0, 1, 1 }, [2, 4]);
        var cache = new (torch.Tensor, torch.Tensor)?[2];
        torch.Tensor first_BV = new NaiveGeneration(model).Forward(ids_BT, seen_BT, cache);
        torch.Tensor next_BV = new NaiveGeneration(model).Forward(torch.tensor(new long[] { 8, 8 }, [2, 1]), torch.cat([seen_BT, torch.ones(2, 1, dtype: torch.int64)], 1), cache);
        Check([5, 9, 1, 42], first_BV[0]);
        Check([7, 3], first_BV[1]);
        Check([5, 9, 1, 42, 8], next_BV[0]);
        Check([7, 3, 8], next_BV[1]);

        void Check(long[] ids, torch.Tensor found_V)
        {
            torch.Tensor expected_V = model.Logits(model.Hidden(torch.tensor(ids, [1, ids.Length]), AttentionPattern.Causal))[0, -1];
            Assert.True((expected_V - found_V).abs().max().ToSingle() < 1e-5 * expected_V.abs().max().ToSingle());
        }
    }

    [Fact]
    public void Both_sides_write_the_same_number_of_tokens()
    {
        using BenchCase rollouts = BenchCases.Rollout["rollout/64x4"](new BenchSetting(null, s_shape, 1, false));
        rollouts.WarmUp(BenchSide.Ours);
        rollouts.WarmUp(BenchSide.Baseline);
        double ours = rollouts.Run(BenchSide.Ours);
        Assert.InRange(ours, 256 * 60, 256 * 80); // a geometric progression from 8 to 256 has mean 71
        using BenchCase decode = BenchCases.Rollout["rollout/decode-1"](new BenchSetting(null, s_shape, 1, false));
        Assert.Equal(256, decode.Run(BenchSide.Ours));
        Assert.Equal(256, decode.Run(BenchSide.Baseline));
    }

    [Fact]
    public void The_ceiling_of_one_text_is_reading_its_weights_and_cache_at_every_token()
    {
        DecoderConfig config = s_shape.Config();
        var machine = new BenchMachine("", 1, 1, "", 1e6, 1e6, 1);
        double weights = 4.0 * config.ParameterCount * 10, cache = 4.0 * 2 * 2 * 2 * 8 * (3 * 10 + 50);
        Assert.Equal((weights + cache) / 1e9, WritingCeiling.Seconds(config, [3], [(3, 10)], 10, machine), 1e-9);
    }

    [Theory]
    [InlineData("score")]
    [InlineData("step")]
    [InlineData("optimizer")]
    [InlineData("growth")]
    public void Every_case_runs_on_both_sides(string benchmark)
    {
        TorchRuntime.EnsureLoaded();
        foreach ((string name, Func<BenchSetting, BenchCase> create) in Benchmarks.All.OfType<CaseBenchmark>().Single(b => b.Name == benchmark).Cases)
        {
            using BenchCase one = create(new BenchSetting(null, s_shape, 1, false));
            foreach (BenchSide side in new[] { BenchSide.Ours, BenchSide.Baseline })
            {
                one.WarmUp(side);
                Assert.True(one.Run(side) > 0, name);
            }
        }
    }

    [Fact]
    public void Bench_rollout_prints_a_report()
    {
        (int exit, string output, string error) = ExplainCommandTests.Invoke("bench", "rollout", "--shape", "32,1,2,1,32,64", "--repeat", "1", "--skip-memory", "--json");
        Assert.True(exit == 0, error);
        JsonElement results = JsonDocument.Parse(output).RootElement.GetProperty("results");
        Assert.Equal(["rollout/64x4", "rollout/decode-1"], results.EnumerateArray().Select(r => r.GetProperty("name").GetString()));
        Assert.All(results.EnumerateArray(), r => Assert.True(r.GetProperty("ratio").GetDouble() > 0 && r.GetProperty("fraction").GetDouble() > 0));
    }
}
