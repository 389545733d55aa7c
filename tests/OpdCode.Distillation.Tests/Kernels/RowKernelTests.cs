using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Objectives;
using OpdCode.Models.Vectors;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Kernels;

/// <summary>The kernels and the tensor operations that they replace are two ways to the same numbers.</summary>
public sealed class RowKernelTests
{
    [Theory]
    [InlineData("reverse-kl", 1)]
    [InlineData("jsd", 1)]
    [InlineData("forward-kl", 1)]
    [InlineData("reverse-kl", 0.7)]
    [InlineData("jsd", 1.3)]
    [InlineData("skew-reverse-kl", 1)]
    [InlineData("skew-reverse-kl", 0.7)]
    [InlineData("skew-forward-kl", 1)]
    [InlineData("hellinger", 1)]
    public void Kernels_equal_tensor_operations_and_double_precision(string divergence, double temperature)
    {
        using var scope = torch.NewDisposeScope();
        var recipe = new DivergenceObjectiveRecipe { Divergence = divergence, Alpha = divergence.StartsWith("skew", StringComparison.Ordinal) ? 0.1 : null, StudentTemperature = temperature };
        Outcome kernels = Run(recipe, torch.ScalarType.Float32, tensorsOnly: false), tensors = Run(recipe, torch.ScalarType.Float32, tensorsOnly: true);
        Outcome exact = Run(recipe, torch.ScalarType.Float64, tensorsOnly: true);
        foreach (Outcome found in new[] { kernels, tensors })
        {
            AssertClose(exact.Loss_N, found.Loss_N, 2e-6);
            AssertClose(exact.StudentLogprob_N, found.StudentLogprob_N, 1e-5);
            AssertClose(exact.TeacherLogprob_N, found.TeacherLogprob_N, 1e-5);
            AssertClose(exact.StudentEntropy_N, found.StudentEntropy_N, 1e-5);
            AssertClose(exact.TeacherEntropy_N, found.TeacherEntropy_N, 1e-5);
            AssertClose(exact.Hidden_ND, found.Hidden_ND, 1e-6);
            AssertClose(exact.Head_VD, found.Head_VD, 1e-6);
        }
    }

    [Theory]
    [InlineData("reverse-kl")]
    [InlineData("jsd")]
    public void In_bfloat16_kernels_equal_tensor_operations(string divergence)
    {
        using var scope = torch.NewDisposeScope();
        var recipe = new DivergenceObjectiveRecipe { Divergence = divergence };
        Outcome kernels = Run(recipe, torch.ScalarType.BFloat16, tensorsOnly: false), tensors = Run(recipe, torch.ScalarType.BFloat16, tensorsOnly: true);
        AssertClose(tensors.Loss_N, kernels.Loss_N, 2e-6);
        AssertClose(tensors.StudentEntropy_N, kernels.StudentEntropy_N, 1e-5);
        AssertClose(tensors.TeacherLogprob_N, kernels.TeacherLogprob_N, 1e-5);
        // A gradient that lies between two numbers of the type may be rounded to either.
        AssertClose(tensors.Hidden_ND.to_type(torch.float32), kernels.Hidden_ND.to_type(torch.float32), 4e-3);
        AssertClose(tensors.Head_VD.to_type(torch.float32), kernels.Head_VD.to_type(torch.float32), 4e-3);
    }

    [Fact]
    public void The_sum_of_squares_does_not_depend_on_type_or_length()
    {
        using var scope = torch.NewDisposeScope();
        foreach (int length in new[] { 1, 7, 8, 65_536, 200_001 })
        {
            torch.Tensor values = torch.randn(length);
            double expected = values.to_type(torch.float64).pow(2).sum().ToDouble();
            Assert.Equal(expected, SquareSumKernel.Of(values), 1e-6 * expected);
            torch.Tensor half = values.to_type(torch.bfloat16);
            Assert.Equal(half.to_type(torch.float64).pow(2).sum().ToDouble(), SquareSumKernel.Of(half), 1e-6 * expected);
        }
    }

    [Fact]
    public void A_range_is_covered_once()
    {
        foreach (long count in new long[] { 1, 2, 9, 1000, 65_537 })
        {
            var seen = new int[count];
            ProcessorMemory.Parallel(count, 1 << 20, (from, to) =>
            {
                for (long i = from; i < to; i++) Interlocked.Increment(ref seen[i]);
            });
            Assert.All(seen, times => Assert.Equal(1, times));
        }
    }

    private sealed record Outcome(torch.Tensor Loss_N, torch.Tensor StudentLogprob_N, torch.Tensor TeacherLogprob_N, torch.Tensor StudentEntropy_N, torch.Tensor TeacherEntropy_N,
        torch.Tensor Hidden_ND, torch.Tensor Head_VD);

    private static Outcome Run(DivergenceObjectiveRecipe recipe, torch.ScalarType type, bool tensorsOnly)
    {
        const int rows = 23, vocabulary = 1003; // no multiple of any vector
        using var generator = new torch.Generator(4, torch.CPU);
        torch.Tensor Normal(int a, int b, double scale) => (torch.randn([a, b], generator: generator) * scale).to_type(type);
        var inputs = new TokenRows
        {
            StudentHidden_ND = Normal(rows, 16, 1).requires_grad_(true),
            StudentHead_VD = Normal(vocabulary + 5, 16, 1).requires_grad_(true),
            TeacherHidden_NM = Normal(rows, 24, 1),
            TeacherHead_WM = Normal(vocabulary, 24, 1),
            VocabularySize = vocabulary,
            SampledIds_N = torch.arange(rows, torch.int64) * 40,
            Weights_N = torch.linspace(0.5, 1.5, rows),
            Sequence_N = torch.zeros(rows, torch.int64),
            Normalizer = rows,
        };
        try
        {
            ProcessorMemory.s_tensorsOnlyForTest = tensorsOnly;
            ObjectiveResult result = ObjectiveFactory.Create(recipe).Evaluate(inputs);
            result.Loss.backward();
            TokenSignals s = result.Signals;
            return new Outcome(s.Loss_N, s.StudentLogprob_N, s.TeacherLogprob_N!, s.StudentEntropy_N, s.TeacherEntropy_N!, inputs.StudentHidden_ND.grad!, inputs.StudentHead_VD.grad!);
        }
        finally
        {
            ProcessorMemory.s_tensorsOnlyForTest = false;
        }
    }

    private static void AssertClose(torch.Tensor expected, torch.Tensor found, double tolerance)
    {
        double difference = (expected - found).abs().max().ToDouble(), size = Math.Max(1, expected.abs().max().ToDouble());
        Assert.True(difference <= tolerance * size, $"differs by {difference} of {size}");
    }
}
