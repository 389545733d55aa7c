using OpdCode.Models.Decoding;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using TorchSharp;

namespace OpdCode.Distillation.Signals;

/// <summary>A model whose opinion of the student's tokens is asked. No gradient ever reaches it.</summary>
public interface IJudge : IDisposable
{
    /// <summary>Who it is, for messages.</summary>
    string Name { get; }

    /// <summary>Longest text it can read, in tokens.</summary>
    int ContextLimit { get; }

    /// <summary>Number of its weights; null where it has none of its own.</summary>
    long? Parameters { get; }

    /// <summary>Its output matrix [W, M], without gradient.</summary>
    torch.Tensor Head_WM { get; }

    /// <summary>Does something with its network: reading a text, or writing one. Without gradient.</summary>
    T Use<T>(Func<Decoder, T> use);

    /// <summary>Its hidden states at the trained rows of a batch: [N, M].</summary>
    torch.Tensor HiddenRows(SequenceBatch batch) => Use(batch.HiddenRows);

    /// <summary>Follows the student after an optimizer step, where it does.</summary>
    /// <param name="step">The step, from 1.</param>
    void Stepped(int step);

    /// <summary>What it carries from step to step; null for nothing.</summary>
    IMethodState? State { get; }
}
