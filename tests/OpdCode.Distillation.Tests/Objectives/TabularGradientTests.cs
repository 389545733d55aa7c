using OpdCode.Distillation.Objectives;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>Exact expectations over all 125 sequences of the tabular model (methods B, D2).</summary>
public sealed class TabularGradientTests
{
    private static readonly TabularModel s_student = TabularModel.Seeded(1);
    private static readonly TabularModel s_teacher = TabularModel.Seeded(2);

    internal static TabularModel Teacher => s_teacher;

    [Theory]
    [InlineData("reverse-kl")]
    [InlineData("forward-kl")]
    [InlineData("jsd")]
    public void The_gradient_over_rollouts_is_that_of_the_expected_divergence_at_visited_states(string name)
    {
        double[] gradient = ExpectedGradient(FusedLossTests.Objective(name));
        double[] visits = s_student.Visits();
        double[] numeric = CentralDifferences(table => Enumerable.Range(0, TabularModel.Contexts)
            .Sum(c => visits[c] * Plain(name, table.Probabilities(c), s_teacher.Probabilities(c))));
        ToyRows.Close(numeric, gradient, 1e-8);
    }

    [Fact]
    public void The_k1_policy_gradient_is_unbiased_for_reverse_kl_at_every_state() =>
        ToyRows.Close(ExpectedGradient(FusedLossTests.Objective("reverse-kl")), ExpectedGradient(FusedLossTests.Objective("policy-gradient")), 1e-12);

    [Fact]
    public void The_supervised_gradient_on_teacher_text_is_that_of_the_sequence_cross_entropy()
    {
        double[] gradient = ExpectedGradient(FusedLossTests.Objective("supervised"), s_teacher);
        double[] numeric = CentralDifferences(table => -TabularModel.Sequences().Sum(y => s_teacher.Probability(y) * Math.Log(table.Probability(y))));
        ToyRows.Close(numeric, gradient, 1e-8);
    }

    /// <summary>Σ_y p(y) · gradient of the objective on y, per logit of the student's table; one weighted batch of 375 rows.</summary>
    internal static double[] ExpectedGradient(IObjective objective, TabularModel? writer = null)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor table = ToyRows.Logits(s_student.Logits).requires_grad_();
        (TokenRows rows, _) = AllSequences(table, writer ?? s_student);
        objective.Evaluate(rows).Loss.backward();
        return ToyRows.Doubles(table.grad!);
    }

    internal static (TokenRows Rows, long[][] Sequences) AllSequences(torch.Tensor table, TabularModel writer)
    {
        long[][] sequences = TabularModel.Sequences().ToArray();
        long[] contexts = sequences.SelectMany(y => Enumerable.Range(0, TabularModel.Horizon).Select(t => (long)TabularModel.Context(y, t))).ToArray();
        torch.Tensor index = torch.tensor(contexts);
        return (new TokenRows
        {
            StudentHidden_ND = table.index_select(0, index),
            StudentHead_VD = null,
            TeacherHidden_NM = ToyRows.Logits(s_teacher.Logits).index_select(0, index),
            VocabularySize = TabularModel.V,
            SampledIds_N = torch.tensor(sequences.SelectMany(y => y).ToArray()),
            Weights_N = torch.tensor(sequences.SelectMany(y => Enumerable.Repeat(writer.Probability(y), TabularModel.Horizon)).ToArray()),
            Sequence_N = torch.arange(sequences.Length).repeat_interleave(TabularModel.Horizon),
            Normalizer = 1,
            SequenceNormalizer = 1,
        }, sequences);
    }

    internal static double[] CentralDifferences(Func<TabularModel, double> value)
    {
        const double Step = 1e-5;
        double[][] logits = s_student.Logits.Select(r => r.ToArray()).ToArray();
        List<double> gradient = [];
        foreach (double[] row in logits)
        {
            for (int v = 0; v < row.Length; v++)
            {
                double at = row[v];
                row[v] = at + Step;
                double up = value(new TabularModel(logits));
                row[v] = at - Step;
                double down = value(new TabularModel(logits));
                row[v] = at;
                gradient.Add((up - down) / (2 * Step));
            }
        }
        return gradient.ToArray();
    }

    private static double Kl(double[] p, double[] q) => p.Select((x, v) => x * Math.Log(x / q[v])).Sum();

    private static double Plain(string name, double[] s, double[] t)
    {
        double[] m = s.Select((x, v) => (x + t[v]) / 2).ToArray();
        return name switch { "reverse-kl" => Kl(s, t), "forward-kl" => Kl(t, s), _ => (Kl(t, m) + Kl(s, m)) / 2 };
    }
}
