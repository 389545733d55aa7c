using OpdCode.Distillation.Objectives;
using OpdCode.Models.Native;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>Rows from plain arrays of logits, in double precision, and the gradient an objective gives on them.</summary>
internal static class ToyRows
{
    static ToyRows() => TorchRuntime.EnsureLoaded();

    public static torch.Tensor Logits(double[][] rows, torch.ScalarType type = torch.ScalarType.Float64) =>
        torch.tensor(rows.SelectMany(r => r).ToArray(), [rows.Length, rows[0].Length], dtype: torch.ScalarType.Float64).to(type);

    public static double[][] Log(params double[][] probabilities) => probabilities.Select(p => p.Select(x => Math.Log(x)).ToArray()).ToArray();

    public static TokenRows From(double[][] student, double[][]? teacher, long[]? ids = null, double[]? weights = null, double? normalizer = null,
        torch.ScalarType type = torch.ScalarType.Float64) => new()
        {
            StudentHidden_ND = Logits(student, type).requires_grad_(),
            StudentHead_VD = null,
            TeacherHidden_NM = teacher is null ? null : Logits(teacher, type),
            VocabularySize = student[0].Length,
            SampledIds_N = torch.tensor(ids ?? new long[student.Length]),
            Weights_N = torch.tensor((weights ?? Enumerable.Repeat(1.0, student.Length).ToArray()).Select(w => (float)w).ToArray()),
            Sequence_N = torch.zeros(student.Length, dtype: torch.ScalarType.Int64),
            Normalizer = normalizer ?? student.Length,
            SequenceNormalizer = 1,
        };

    /// <summary>Loss and d loss / d student logits (or hidden states).</summary>
    public static (double Loss, double[] Gradient, ObjectiveResult Result) Run(IObjective objective, TokenRows rows)
    {
        ObjectiveResult result = objective.Evaluate(rows);
        result.Loss.backward();
        return (result.Loss.ToDouble(), Doubles(rows.StudentHidden_ND.grad!), result);
    }

    public static double[] Doubles(torch.Tensor tensor) => tensor.detach().to(torch.ScalarType.Float64).contiguous().data<double>().ToArray();

    public static void Close(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"[{i}] expected {expected[i]:R}, got {actual[i]:R}");
    }

    public static double[] Softmax(double[] z)
    {
        double max = z.Max();
        double[] e = z.Select(x => Math.Exp(x - max)).ToArray();
        double sum = e.Sum();
        return e.Select(x => x / sum).ToArray();
    }

    public static double[][] Random(Random random, int rows, int columns, double scale = 2) =>
        Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => scale * (2 * random.NextDouble() - 1)).ToArray()).ToArray();
}
