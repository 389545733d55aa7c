using OpdCode.Models;
using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Daemon.Tests.Commands;

/// <summary>Next-token distributions straight from the decoder, normalised in double precision: none of the code that the commands use.</summary>
internal static class ForwardPass
{
    /// <summary>log p after each id: [T][V].</summary>
    public static double[][] Logprobs(string folder, int[] ids)
    {
        using LanguageModel model = LanguageModel.Load(folder, torch.CPU);
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        torch.Tensor ids_1T = torch.tensor(ids.Select(id => (long)id).ToArray(), [1, ids.Length]);
        float[] logits = model.Decoder.Logits(model.Decoder.Hidden(ids_1T, AttentionPattern.Causal)).contiguous().data<float>().ToArray();
        return logits.Chunk(model.Decoder.Config.VocabularySize).Select(row =>
        {
            double max = row.Max(), total = Math.Log(row.Sum(x => Math.Exp(x - max))) + max;
            return row.Select(x => x - total).ToArray();
        }).ToArray();
    }
}
