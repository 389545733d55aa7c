using System.Security.Cryptography;
using System.Text.Json;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using OpdCode.Models.Tests.Tokenization;
using OpdCode.Models.Weights;
using TorchSharp;

namespace OpdCode.Models.Tests.Decoding;

/// <summary>
/// Next-token distributions of exported models against llama.cpp, an independent implementation that read the same
/// weights, and against the double-precision twin. tests/fixtures/llamacpp/generate.mjs made the judgement.
/// </summary>
public sealed class LlamaCppTests
{
    private const string Remedy = "Run tests/fixtures/llamacpp/generate.mjs again (its first lines say how).";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);
    private static readonly Dictionary<string, JudgedModel> s_models = JsonSerializer.Deserialize<Judgement>(
        File.ReadAllText(Path.Combine(TokenizerFixtures.Repository, "tests", "fixtures", "llamacpp", "distributions.json")), s_json)!.Models.ToDictionary(m => m.Folder);

    public static TheoryData<string> Folders => new(s_models.Keys);

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_judgement_belongs_to_the_weights_in_the_repository(string folder)
    {
        string found = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(FullPath(folder), "model.safetensors"))));
        Assert.True(s_models[folder].Sha256 == found, $"{folder}/model.safetensors has changed since llama.cpp judged it. {Remedy}");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Distributions_equal_those_of_llama_cpp(string folder)
    {
        using Decoder model = Load(folder);
        foreach (JudgedSequence sequence in s_models[folder].Sequences)
        {
            float[][] logprobs_TV = Logprobs(model, sequence.Ids);
            for (int t = 0; t < sequence.Ids.Length; t++)
            {
                foreach (double[] judged in sequence.Top[t])
                {
                    (int id, double expected, double found) = ((int)judged[0], judged[1], Math.Exp(logprobs_TV[t][(int)judged[0]]));
                    Assert.True(Math.Abs(expected - found) < 1e-3, $"{folder} [{string.Join(",", sequence.Ids)}] after {t}: p({id}) is {found}, llama.cpp says {expected}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Distributions_equal_those_of_the_double_precision_twin(string folder)
    {
        using Decoder model = Load(folder);
        DecoderTwin twin = DecoderTwin.Of(model);
        foreach (JudgedSequence sequence in s_models[folder].Sequences)
        {
            float[][] found_TV = Logprobs(model, sequence.Ids);
            double[][] expected_TV = twin.Logprobs(sequence.Ids);
            for (int t = 0; t < sequence.Ids.Length; t++)
            {
                for (int v = 0; v < found_TV[t].Length; v++)
                {
                    (double expected, double found) = (expected_TV[t][v], found_TV[t][v]);
                    string seen = $"{folder} [{string.Join(",", sequence.Ids)}] after {t}: log p({v}) is {found}, the twin says {expected}";
                    Assert.True(Math.Abs(Math.Exp(expected) - Math.Exp(found)) < 1e-5, seen);
                    // float32 has 7 digits; texts unlike any in training drive activations to where that means 1e-4 in log p.
                    double allowed = sequence.Kind == "usual" && expected > Math.Log(1e-3) ? 1e-5 * Math.Max(1, -expected) : 1e-3;
                    Assert.True(Math.Abs(expected - found) < allowed, seen);
                }
            }
        }
    }

    private static float[][] Logprobs(Decoder model, int[] ids)
    {
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        torch.Tensor logprobs_TV = model.Logits(model.Hidden(TinyModels.Ids(ids), AttentionPattern.Causal)).squeeze(0).log_softmax(-1);
        return logprobs_TV.data<float>().ToArray().Chunk(model.Config.VocabularySize).ToArray();
    }

    private static Decoder Load(string folder)
    {
        TorchRuntime.EnsureLoaded();
        var model = new Decoder(DecoderConfig.Load(FullPath(folder)), torch.CPU);
        using ModelWeights weights = ModelWeights.Open(FullPath(folder));
        foreach ((string name, torch.Tensor value) in model.Weights.Named) weights.CopyTo(name, value);
        return model;
    }

    private static string FullPath(string folder) => Path.Combine(TokenizerFixtures.Repository, Path.Combine(folder.Split('/')));

    private sealed record Judgement(IReadOnlyList<JudgedModel> Models);

    /// <summary>What llama.cpp said about one folder's weights.</summary>
    private sealed record JudgedModel(string Folder, string Sha256, IReadOnlyList<JudgedSequence> Sequences);

    /// <summary>Kind: usual (what the model was trained on), odd or noise. Top: [T][K] pairs of id and probability of the next token.</summary>
    private sealed record JudgedSequence(string Kind, int[] Ids, double[][][] Top);
}
