using System.Text.Json;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using OpdCode.Recipes.Data;
using TorchSharp;

namespace OpdCode.Distillation.Environments;

/// <summary>
/// The examples that a run has met, for lookups by similarity of their prompts: the share of common runs of three
/// characters (Jaccard). The paper's own measure is not known; this one is inferred.
/// </summary>
internal sealed class ExampleMemory : IMethodState
{
    private readonly List<(TrainingExample Example, HashSet<string> Pieces)> _examples = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <inheritdoc />
    public string Name => "signal.memory";

    /// <summary>How many examples it holds.</summary>
    public int Count => _examples.Count;

    /// <summary>Remembers an example; one prompt once.</summary>
    public void Add(TrainingExample example)
    {
        string prompt = example.LastPrompt;
        if (_known.Add(prompt)) _examples.Add((example, Pieces(prompt)));
    }

    /// <summary>The examples with the most similar prompts, best first, older first where equal; never one with the same prompt.</summary>
    public TrainingExample[] Nearest(TrainingExample example, int k, Func<TrainingExample, bool> isWanted)
    {
        string prompt = example.LastPrompt;
        HashSet<string> own = Pieces(prompt);
        return [.. _examples.Where(e => e.Example.LastPrompt != prompt && isWanted(e.Example))
            .OrderByDescending(e => Similarity(own, e.Pieces)).Take(k).Select(e => e.Example)];
    }

    private static HashSet<string> Pieces(string text) =>
        text.Length < 3 ? [text] : [.. Enumerable.Range(0, text.Length - 2).Select(i => text.Substring(i, 3))];

    private static double Similarity(HashSet<string> a, HashSet<string> b)
    {
        int common = a.Count(b.Contains);
        return common / (double)(a.Count + b.Count - common);
    }

    /// <inheritdoc />
    public MethodSnapshot Capture()
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(_examples.Select(e => e.Example));
        return new(new Dictionary<string, torch.Tensor> { ["examples"] = torch.tensor(json).DetachFromDisposeScope() }, new Dictionary<string, double>());
    }

    /// <inheritdoc />
    public void Restore(MethodSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (!snapshot.Tensors.TryGetValue("examples", out torch.Tensor? stored))
            throw new OpdException(ErrorCodes.CheckpointInvalid, "The checkpoint does not hold the harness's memory. Resume with the recipe that the run was started with.");
        _examples.Clear();
        _known.Clear();
        using torch.Tensor json = stored.cpu();
        foreach (TrainingExample example in JsonSerializer.Deserialize<TrainingExample[]>(json.data<byte>().ToArray())!) Add(example);
    }
}
