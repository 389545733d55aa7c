
namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>
/// A language model small enough to enumerate: V = 5 tokens, 3 steps, one row of logits per context (1 + 5 + 25). All
/// 125 sequences can be listed, so expectations are exact and nothing is sampled.
/// </summary>
internal sealed class TabularModel(double[][] logits)
{
    public const int V = 5;
    public const int Horizon = 3;
    public const int Contexts = 1 + V + V * V;

    public double[][] Logits { get; } = logits;

    public static TabularModel Seeded(int seed) => new(ToyRows.Random(new Random(seed), Contexts, V));

    public static IEnumerable<long[]> Sequences()
    {
        for (long a = 0; a < V; a++)
            for (long b = 0; b < V; b++)
                for (long c = 0; c < V; c++) yield return [a, b, c];
    }

    /// <summary>The context of step t of a sequence.</summary>
    public static int Context(long[] y, int t) => t switch { 0 => 0, 1 => 1 + (int)y[0], _ => 1 + V + (int)(y[0] * V + y[1]) };

    public double[] Probabilities(int context) => ToyRows.Softmax(Logits[context]);

    public double Probability(long[] y) => Enumerable.Range(0, Horizon).Aggregate(1.0, (p, t) => p * Probabilities(Context(y, t))[y[t]]);

    /// <summary>How likely each context is reached when this model writes.</summary>
    public double[] Visits()
    {
        double[] visits = new double[Contexts];
        foreach (long[] y in Sequences())
            for (int t = 0; t < Horizon; t++) visits[Context(y, t)] += Probability(y);
        return visits;
    }
}
