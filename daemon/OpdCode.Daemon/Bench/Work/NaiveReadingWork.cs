using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>The same as plain code computes it: padded rows, logits at every position, log-softmax over the whole tensor, gather.</summary>
/// <param name="teacher">The model; disposed with this.</param>
/// <param name="inputs">The texts.</param>
internal sealed class NaiveReadingWork(Decoder teacher, TrainingInputs inputs) : IBenchWork
{
    /// <inheritdoc/>
    public void WarmUp()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        teacher.Hidden(torch.zeros(1, 8, dtype: torch.int64), AttentionPattern.Causal);
    }

    /// <inheritdoc/>
    public double Run()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        torch.Tensor ids_BT = inputs.PaddedIds_BT(), logits_BTV = teacher.Logits(teacher.Hidden(ids_BT, AttentionPattern.Causal));
        torch.Tensor logprobs_BTV = logits_BTV.narrow(1, 0, ids_BT.shape[1] - 1).log_softmax(-1);
        (logprobs_BTV.gather(2, ids_BT.narrow(1, 1, ids_BT.shape[1] - 1).unsqueeze(2)).squeeze(2) * inputs.PaddedMask_BT()).sum();
        return inputs.ResponseTokens;
    }

    /// <inheritdoc/>
    public void Dispose() => teacher.Dispose();
}
