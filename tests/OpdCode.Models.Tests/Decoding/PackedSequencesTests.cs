using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Models.Tests.Decoding;

/// <summary>Packed = padded = single: no token may see another sequence, whatever stands around it.</summary>
public sealed class PackedSequencesTests
{
    // One per call of attention, several of one length, nearly equal short ones, one token alone.
    private static readonly int[] s_lengths = [7, 140, 1, 12, 31, 130, 31, 26, 130, 3, 13];

    public static TheoryData<string, string> Shapes => DecoderTests.Shapes;

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Packed_equals_padded_equals_single_in_value_and_gradient(string type, string change)
    {
        int[][] sequences = Sequences(s_lengths);
        using Decoder model = TinyModels.Create(type, json =>
        {
            json["max_position_embeddings"] = JsonNode.Parse("256");
            foreach ((string key, JsonNode? value) in (JsonObject)JsonNode.Parse(change)!) json[key] = value?.DeepClone();
        });
        // A weight for each logit, so that every row has a gradient of its own.
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(3, torch.CPU);
        torch.Tensor[] weights = sequences.Select(s => torch.randn([s.Length, model.Config.VocabularySize], generator: generator) / s_lengths.Sum()).ToArray();

        Outcome packed = Run(model, sequences, weights, Packed), padded = Run(model, sequences, weights, Padded), single = Run(model, sequences, weights, Single);
        AssertClose(padded, packed);
        AssertClose(single, packed);
    }

    [Fact]
    public void Only_the_rows_asked_for_come_back_in_their_order()
    {
        using Decoder model = TinyModels.Create();
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        PackedSequences packed = Pack(Sequences([5, 9, 6]));
        torch.Tensor all_TD = model.Hidden(packed, torch.arange(20, torch.int64));
        torch.Tensor rows_N = torch.tensor(new long[] { 19, 0, 7, 7 });
        Assert.True((all_TD.index_select(0, rows_N) - model.Hidden(packed, rows_N)).abs().max().ToDouble() < 1e-6);
    }

    [Fact]
    public void Long_sequences_lie_first_and_starts_are_in_the_order_given()
    {
        using var scope = torch.NewDisposeScope();
        PackedSequences packed = Pack(Sequences([2, 5, 3]));
        Assert.Equal([8, 0, 5], packed.Starts_S);
        Assert.Equal([0L, 1, 2, 3, 4, 0, 1, 2, 0, 1], packed.Positions_T.data<long>().ToArray());
        Assert.Equal(5, packed.Longest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Computing_blocks_again_gives_the_same_gradient_to_the_bit(bool adapter)
    {
        using var scope = torch.NewDisposeScope();
        int[][] sequences = Sequences([5, 9, 9, 2]);
        torch.Tensor[] weights = sequences.Select(s => torch.randn([s.Length, 50])).ToArray();
        Outcome Of(bool recompute)
        {
            using Decoder model = TinyModels.Create("qwen3");
            model.RecomputesBlocks = recompute;
            if (adapter)
            {
                model.Adapter = new LowRankAdapter([("model.layers.0.self_attn.q_proj", 32, 32), ("model.layers.1.mlp.down_proj", 32, 48)], rank: 4, scale: 2, seed: 1, torch.CPU);
                using var none = torch.no_grad();
                model.Adapter.Parameters.Values_P.uniform_(-0.3, 0.3, new torch.Generator(2));
            }
            return Run(model, sequences, weights, Packed);
        }
        Outcome kept = Of(false), again = Of(true);
        Assert.True(kept.Gradients_P.ne(0).any().ToBoolean());
        Assert.False(kept.Logits.ne(again.Logits).any().ToBoolean());
        Assert.False(kept.Gradients_P.ne(again.Gradients_P).any().ToBoolean());
    }

    private sealed record Outcome(torch.Tensor Logits, torch.Tensor Gradients_P);

    private static Outcome Run(Decoder model, int[][] sequences, torch.Tensor[] weights, Func<Decoder, int[][], torch.Tensor> hidden)
    {
        model.Trained.EnableTraining();
        model.Trained.ZeroGradients();
        torch.Tensor logits_TV = model.Logits(hidden(model, sequences));
        (logits_TV * torch.cat(weights, 0)).sum().backward();
        return new Outcome(logits_TV.detach(), model.Trained.Gradients_P!.clone());
    }

    private static torch.Tensor Packed(Decoder model, int[][] sequences)
    {
        PackedSequences packed = Pack(sequences);
        return model.Hidden(packed, torch.tensor(sequences.SelectMany((s, i) => s.Select((_, t) => (long)packed.Starts_S[i] + t)).ToArray()));
    }

    private static torch.Tensor Padded(Decoder model, int[][] sequences)
    {
        int width = sequences.Max(s => s.Length);
        long[] ids = sequences.SelectMany(s => s.Select(id => (long)id).Concat(Enumerable.Repeat(49L, width - s.Length))).ToArray();
        torch.Tensor hidden_BTD = model.Hidden(torch.tensor(ids, [sequences.Length, width]), AttentionPattern.Causal);
        return torch.cat(sequences.Select((s, i) => hidden_BTD[i].narrow(0, 0, s.Length)).ToArray(), 0);
    }

    private static torch.Tensor Single(Decoder model, int[][] sequences) =>
        torch.cat(sequences.Select(s => model.Hidden(TinyModels.Ids(s), AttentionPattern.Causal).squeeze(0)).ToArray(), 0);

    private static PackedSequences Pack(int[][] sequences) =>
        PackedSequences.Create(sequences.Select(s => (ReadOnlyMemory<int>)s).ToArray(), torch.CPU);

    private static int[][] Sequences(int[] lengths)
    {
        var random = new Random(1);
        return lengths.Select(length => Enumerable.Range(0, length).Select(_ => random.Next(50)).ToArray()).ToArray();
    }

    private static void AssertClose(Outcome expected, Outcome found)
    {
        double logits = (expected.Logits - found.Logits).abs().max().ToDouble(), size = Math.Max(1, expected.Logits.abs().max().ToDouble());
        Assert.True(logits < 1e-5 * size, $"logits differ by {logits} of {size}");
        double gradient = (expected.Gradients_P - found.Gradients_P).norm().ToDouble(), norm = expected.Gradients_P.norm().ToDouble();
        Assert.True(gradient < 1e-5 * norm, $"gradients differ by {gradient} of {norm}");
    }
}
