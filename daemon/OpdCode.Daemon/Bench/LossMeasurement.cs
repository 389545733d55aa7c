using System.Diagnostics;
using OpdCode.Distillation.Objectives;
using OpdCode.Models.Native;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Bench;

/// <summary>Runs one part of the loss benchmark in this process.</summary>
internal static class LossMeasurement
{
    /// <summary>The losses that can be measured.</summary>
    public static IReadOnlyDictionary<string, DivergenceObjectiveRecipe> Objectives { get; } = new Dictionary<string, DivergenceObjectiveRecipe>
    {
        ["reverse-kl"] = new() { Divergence = "reverse-kl" },
        ["forward-kl"] = new() { Divergence = "forward-kl" },
        ["jsd"] = new() { Divergence = "jsd" },
        ["skew-reverse-kl"] = new() { Divergence = "skew-reverse-kl", Alpha = 0.1 },
        ["top-k"] = new() { Divergence = "reverse-kl", Support = new TopKSupportRecipe { Of = SupportOwner.Teacher, K = 16, Tail = SupportTail.Bucket } },
    };

    /// <summary>Measures "fused", "dense" or "products".</summary>
    public static LossFigures Measure(string part, LossShape shape)
    {
        TorchRuntime.EnsureLoaded();
        torch.ScalarType type = shape.Dtype == "bfloat16" ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;
        Run(part, Inputs(shape with { Rows = 8, Vocabulary = 1000 }, type), Objectives[shape.Objective]); // loads code, starts threads
        TokenRows rows = Inputs(shape, type);
        double best = double.PositiveInfinity, bestProcessor = double.PositiveInfinity;
        long extra = 0;
        for (int run = 0; run < shape.Repeat; run++)
        {
            rows.StudentHidden_ND.grad = null;
            rows.StudentHead_VD!.grad = null;
            GC.Collect(); // the gradients of the run before, so that every run starts from the same memory
            GC.WaitForPendingFinalizers();
            using PeakMemory peak = new();
            TimeSpan processor = Environment.CpuUsage.TotalTime;
            Stopwatch watch = Stopwatch.StartNew();
            Run(part, rows, Objectives[shape.Objective]);
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
            bestProcessor = Math.Min(bestProcessor, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
            extra = Math.Max(extra, peak.ExtraBytes());
        }
        return new LossFigures(best, bestProcessor, extra);
    }

    private static void Run(string part, TokenRows rows, DivergenceObjectiveRecipe recipe)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        switch (part)
        {
            case "fused":
                ObjectiveFactory.Create(recipe).Evaluate(rows).Loss.backward();
                break;
            case "dense":
                DenseLoss.Mean(recipe, rows.StudentHidden_ND, rows.StudentHead_VD!, rows.TeacherHidden_NM!, rows.TeacherHead_WM!, rows.Weights_N).backward();
                break;
            default:
                Products(rows);
                break;
        }
    }

    // The least any exact loss must do: two heads forward, two products backward.
    private static void Products(TokenRows rows)
    {
        using var guard = torch.no_grad();
        torch.Tensor student_NV = rows.StudentHidden_ND.matmul(rows.StudentHead_VD!.t());
        rows.TeacherHidden_NM!.matmul(rows.TeacherHead_WM!.t()).Dispose();
        student_NV.matmul(rows.StudentHead_VD).Dispose();
        student_NV.t().matmul(rows.StudentHidden_ND).Dispose();
    }

    internal static TokenRows Inputs(LossShape shape, torch.ScalarType type)
    {
        using var generator = new torch.Generator(1, torch.CPU);
        torch.Tensor Normal(int a, int b, double scale) => torch.randn(a, b, dtype: type, generator: generator).mul_(scale);
        return new TokenRows
        {
            StudentHidden_ND = Normal(shape.Rows, shape.StudentWidth, 1).requires_grad_(),
            StudentHead_VD = Normal(shape.Vocabulary, shape.StudentWidth, 2 / Math.Sqrt(shape.StudentWidth)).requires_grad_(),
            TeacherHidden_NM = Normal(shape.Rows, shape.TeacherWidth, 1),
            TeacherHead_WM = Normal(shape.Vocabulary, shape.TeacherWidth, 2 / Math.Sqrt(shape.TeacherWidth)),
            VocabularySize = shape.Vocabulary,
            SampledIds_N = torch.randint(shape.Vocabulary, shape.Rows, dtype: torch.ScalarType.Int64),
            Weights_N = torch.rand(shape.Rows).add_(0.5),
            Sequence_N = torch.zeros(shape.Rows, dtype: torch.ScalarType.Int64),
            Normalizer = shape.Rows,
        };
    }
}
