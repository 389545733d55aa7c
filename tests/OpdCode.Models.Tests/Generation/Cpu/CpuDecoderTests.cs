using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;
using OpdCode.Models.Generation.Cpu;
using OpdCode.Models.Tests.Decoding;
using TorchSharp;

namespace OpdCode.Models.Tests.Generation.Cpu;

public sealed class CpuDecoderTests
{
    private static readonly int[] s_ids = Enumerable.Range(0, 75).Select(i => (i * 37 + 11) % 50).ToArray();

    public static TheoryData<string, string> Models => new()
    {
        { "llama", "" },
        { "llama", """{"head_dim": 12, "num_key_value_heads": 4}""" },
        { "llama", """{"attention_bias": true, "mlp_bias": true, "tie_word_embeddings": false}""" },
        { "llama", """{"hidden_size": 40, "intermediate_size": 600, "vocab_size": 131, "num_key_value_heads": 1}""" },
        { "llama", """{"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}}""" },
        { "mistral", """{"sliding_window": 20}""" },
        { "qwen2", "" },
        { "qwen3", """{"head_dim": 24}""" },
    };

    [Theory, MemberData(nameof(Models))]
    public void Cached_rows_give_the_logits_of_an_uncached_forward_pass(string type, string changes)
    {
        using Decoder model = Create(type, changes);
        AssertSameLogits(model);
    }

    [Fact]
    public void An_adapter_changes_what_it_changes_in_training()
    {
        using Decoder model = Create("llama", "");
        (string, long, long)[] modules =
        [
            ("model.layers.0.self_attn.q_proj", 32, 32), ("model.layers.0.self_attn.v_proj", 16, 32), ("model.layers.0.mlp.up_proj", 48, 32),
            ("model.layers.1.self_attn.o_proj", 32, 32), ("model.layers.1.mlp.gate_proj", 48, 32), ("model.layers.1.mlp.down_proj", 32, 48),
        ];
        model.Adapter = new LowRankAdapter(modules, 3, 0.7, 1, torch.CPU);
        using (torch.no_grad()) model.Adapter.Parameters.Values_P.normal_(0, 0.3);
        float[] with = AssertSameLogits(model);
        model.Adapter.Dispose();
        model.Adapter = null;
        Assert.NotEqual(with, AssertSameLogits(model));
    }

    [Fact]
    public void A_row_is_the_same_to_the_last_bit_whatever_stands_beside_it()
    {
        using Decoder model = Create("qwen3", """{"hidden_size": 64, "intermediate_size": 700}""");
        float[] alone = Logits(model, s_ids, [.. Enumerable.Repeat(1, s_ids.Length)], 2);
        Assert.Equal(alone, Logits(model, s_ids, [3, 9, 1, 30, 32], 2));
        Assert.Equal(alone, Logits(model, s_ids, [75], 1));
    }

    private static Decoder Create(string type, string changes) => TinyModels.Create(type, json =>
    {
        if (changes.Length == 0) return;
        foreach ((string key, JsonNode? value) in JsonNode.Parse(changes)!.AsObject()) json[key] = value!.DeepClone();
    });

    private static float[] AssertSameLogits(Decoder model)
    {
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        float[] expected = model.Logits(model.Hidden(TinyModels.Ids(s_ids), AttentionPattern.Causal)).data<float>().ToArray();
        float[] found = Logits(model, s_ids, [40, 1, 1, 7, 26], 2);
        float largest = expected.Max(MathF.Abs);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], 1e-5f * largest);
        return found;
    }

    // The sequence in passes of the given sizes, logits of every token.
    private static unsafe float[] Logits(Decoder model, int[] ids, int[] passes, int threads)
    {
        using var none = torch.no_grad();
        using var team = new ThreadTeam(threads);
        using var decoder = new CpuDecoder(model, Kernels.Best!, team, ids.Length, ids.Length, ids.Length);
        using var sequence = new TokenSequence(decoder.Blocks);
        int vocabulary = model.Config.VocabularySize, done = 0;
        var logits = new float[ids.Length * vocabulary];
        foreach (int pass in passes)
        {
            sequence.Reserve(done + pass - 1);
            decoder.Forward(Enumerable.Range(done, pass).Select(t => new CpuRow(sequence, ids[t], t)).ToArray());
            for (int row = 0; row < pass; row++) decoder.SetHeadInput(row, decoder.Hidden(row));
            decoder.ComputeLogits(pass);
            for (int row = 0; row < pass; row++)
                new ReadOnlySpan<float>(decoder.Logits + (long)row * decoder.LogitsStride, vocabulary).CopyTo(logits.AsSpan((done + row) * vocabulary));
            done += pass;
        }
        Assert.Equal(ids.Length, done);
        return logits;
    }
}
