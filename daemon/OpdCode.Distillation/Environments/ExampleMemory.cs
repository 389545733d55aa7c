using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Environments;

/// <summary>
/// The examples that a run has met, for lookups by similarity of their prompts: the share of common runs of three
/// characters (Jaccard). The paper's own measure is not known; this one is inferred.
/// </summary>
/// <param name="prompts">The prompt of every example of the data.</param>
internal sealed class ExampleMemory(IReadOnlyList<string> prompts) : IMethodState
{
    private readonly List<int> _examples = [];
    private readonly HashSet<int> _known = [];
    private readonly Dictionary<int, HashSet<string>> _pieces = [];

    /// <inheritdoc />
    public string Name => "signal.memory";

    /// <summary>How many examples it holds.</summary>
    public int Count => _examples.Count;

    /// <summary>Remembers an example, by its place in the data.</summary>
    public void Add(int example)
    {
        if (_known.Add(example)) _examples.Add(example);
    }

    /// <summary>The most similar examples, best first, older first where equal; never the example itself.</summary>
    public int[] Nearest(int example, int k, Func<int, bool> isWanted)
    {
        HashSet<string> own = Pieces(example);
        return [.. _examples.Where(e => e != example && isWanted(e)).OrderByDescending(e => Similarity(own, Pieces(e))).Take(k)];
    }

    private HashSet<string> Pieces(int example)
    {
        if (_pieces.TryGetValue(example, out HashSet<string>? pieces)) return pieces;
        string text = prompts[example];
        return _pieces[example] = text.Length < 3 ? [text] : [.. Enumerable.Range(0, text.Length - 2).Select(i => text.Substring(i, 3))];
    }

    private static double Similarity(HashSet<string> a, HashSet<string> b)
    {
        int common = a.Count(b.Contains);
        return common / (double)(a.Count + b.Count - common);
    }

    /// <inheritdoc />
    public MethodSnapshot Capture() => new(
        new Dictionary<string, torch.Tensor> { ["examples"] = torch.tensor(_examples.Select(e => (long)e).ToArray()).DetachFromDisposeScope() },
        new Dictionary<string, double>());

    /// <inheritdoc />
    public void Restore(MethodSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (!snapshot.Tensors.TryGetValue("examples", out torch.Tensor? stored))
            throw new OpdException(ErrorCodes.CheckpointInvalid, "The checkpoint does not hold the harness's memory. Resume with the recipe that the run was started with.");
        _examples.Clear();
        _known.Clear();
        using torch.Tensor examples = stored.to(torch.ScalarType.Int64).cpu();
        foreach (long example in examples.data<long>().ToArray()) Add((int)example);
    }
}
