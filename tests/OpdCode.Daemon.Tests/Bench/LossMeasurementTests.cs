using System.Text.Json;
using OpdCode.Daemon.Bench;
using OpdCode.Daemon.Tests.Commands;
using OpdCode.Distillation.Objectives;
using OpdCode.Models.Native;
using TorchSharp;

namespace OpdCode.Daemon.Tests.Bench;

[Collection(BenchTestsCollection.Name)]
public sealed class LossMeasurementTests
{
    public static TheoryData<string> Objectives => [.. LossMeasurement.Objectives.Keys];

    [Theory, MemberData(nameof(Objectives))]
    public void The_dense_loss_that_is_measured_against_gives_the_same_value_and_gradients(string name)
    {
        TorchRuntime.EnsureLoaded();
        TokenRows rows = LossMeasurement.Inputs(new LossShape(name, 7, 60, 8, 12, "float32", 1), torch.ScalarType.Float64);
        torch.Tensor fused = ObjectiveFactory.Create(LossMeasurement.Objectives[name]).Evaluate(rows).Loss;
        fused.backward();
        torch.Tensor hidden = rows.StudentHidden_ND.grad!.clone(), head = rows.StudentHead_VD!.grad!.clone();
        rows.StudentHidden_ND.grad = null;
        rows.StudentHead_VD.grad = null;
        torch.Tensor dense = DenseLoss.Mean(LossMeasurement.Objectives[name], rows.StudentHidden_ND, rows.StudentHead_VD, rows.TeacherHidden_NM!, rows.TeacherHead_WM!, rows.Weights_N);
        dense.backward();
        Assert.Equal(dense.ToDouble(), fused.ToDouble(), name == "top-k" ? 1e-5 : 1e-6); // the dense form computes in float32, a tail as 1 less what is in the top
        Assert.True((hidden - rows.StudentHidden_ND.grad!).abs().max().ToDouble() < 1e-6);
        Assert.True((head - rows.StudentHead_VD.grad!).abs().max().ToDouble() < 1e-6);
    }

    [Theory]
    [InlineData("fused")]
    [InlineData("dense")]
    [InlineData("products")]
    public void One_part_prints_its_figures(string part)
    {
        (int exit, string output, _) = ExplainCommandTests.Invoke("bench", "loss", "--part", part, "--rows", "8", "--vocab", "500", "--student-hidden", "8", "--teacher-hidden", "8", "--objective", "jsd", "--repeat", "1");
        Assert.Equal(0, exit);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.True(root.GetProperty("seconds").GetDouble() > 0);
        Assert.True(root.GetProperty("extraBytes").GetInt64() >= 0);
    }

    [Fact]
    public void The_fused_loss_never_holds_rows_times_vocabulary()
    {
        LossFigures figures = LossMeasurement.Measure("fused", new LossShape("reverse-kl", 1024, 100_000, 8, 8, "float32", 1));
        Assert.InRange(figures.ExtraBytes, 1, 1024L * 100_000 * sizeof(float) - 1); // a dense loss holds several of these
    }
}
