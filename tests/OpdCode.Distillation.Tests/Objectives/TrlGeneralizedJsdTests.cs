using OpdCode.Distillation.Objectives;
using OpdCode.Models.Native;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>TRL's generalized_jsd_loss: its golden rows, masks, reductions and num_items rule (frameworks 4.1, 4.2).</summary>
public sealed class TrlGeneralizedJsdTests
{
    private static readonly double[][] s_student = [[1, 2, 3, 0], [.5, -1, .25, 2], [0, 0, 0, 0]];
    private static readonly double[][] s_teacher = [[3, 1, .5, -2], [.5, -1, .25, 2], [4, 0, 0, -4]];

    public TrlGeneralizedJsdTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData(0, 2.788619161, 0.451926455)]
    [InlineData(.001, 0.002783909, 0.000451314)]
    [InlineData(.1, 0.238434623, 0.039403714)]
    [InlineData(.5, 0.640397166, 0.101815766)]
    [InlineData(.9, 0.280303661, 0.036253941)]
    [InlineData(1, 4.148566281, 0.405466397)]
    public void Sums_and_reductions_match_the_table(double beta, double sum, double hotA)
    {
        torch.Tensor student = ToyRows.Logits(s_student), teacher = ToyRows.Logits(s_teacher), labels = torch.tensor(new long[] { 1, 2, 3 });
        Assert.Equal(sum, TrlGeneralizedJsd.Loss(student, teacher, labels, beta, reduction: "sum").ToDouble(), 2e-9);
        Assert.Equal(sum / 3, TrlGeneralizedJsd.Loss(student, teacher, labels, beta).ToDouble(), 1e-9);
        Assert.Equal(sum / 12, TrlGeneralizedJsd.Loss(student, teacher, labels, beta, reduction: "mean").ToDouble(), 1e-9);
        Assert.Equal(sum / 5, TrlGeneralizedJsd.Loss(student, teacher, labels, beta, reduction: "mean", itemsInBatch: 5).ToDouble(), 1e-9);
        Assert.Equal(hotA, TrlGeneralizedJsd.Loss(student[..1], teacher[..1], labels[..1], beta, temperature: 2).ToDouble(), 1e-9);
    }

    [Fact]
    public void Masked_positions_are_left_out_of_sum_and_count()
    {
        torch.Tensor student = ToyRows.Logits(s_student), teacher = ToyRows.Logits(s_teacher);
        Assert.Equal((1.582514335 + 0) / 2, TrlGeneralizedJsd.Loss(student, teacher, torch.tensor(new long[] { 1, 2, -100 }), 0).ToDouble(), 1e-9);
        Assert.Equal(0, TrlGeneralizedJsd.Loss(student, teacher, torch.tensor(new long[] { -100, -100, -100 }), 0).ToDouble());
    }

    [Fact]
    public void Without_labels_batchmean_divides_by_the_first_dimension()
    {
        torch.Tensor student = ToyRows.Logits(s_student).unsqueeze(0), teacher = ToyRows.Logits(s_teacher).unsqueeze(0);
        Assert.Equal(2.788619161, TrlGeneralizedJsd.Loss(student, teacher, null, 0).ToDouble(), 2e-9); // [1, 3, V]: by 1
        Assert.Equal(2.788619161 / 3, TrlGeneralizedJsd.Loss(student[0], teacher[0], null, 0).ToDouble(), 1e-9); // [3, V]: by 3
    }

    [Fact]
    public void The_gradient_reaches_the_students_logits_through_the_mask()
    {
        torch.Tensor student = ToyRows.Logits(s_student).unsqueeze(0).requires_grad_();
        TrlGeneralizedJsd.Loss(student, ToyRows.Logits(s_teacher).unsqueeze(0), torch.tensor(new long[] { 1, -100, 3 }).unsqueeze(0), 0).backward();
        double[] gradient = ToyRows.Doubles(student.grad!);
        Assert.All(gradient[4..8], g => Assert.Equal(0, g));
        double[] s = ToyRows.Softmax(s_student[0]), t = ToyRows.Softmax(s_teacher[0]);
        ToyRows.Close(s.Zip(t, (a, b) => (a - b) / 2).ToArray(), gradient[..4], 1e-12);
    }

    [Fact]
    public void Another_reduction_is_refused() =>
        Assert.Throws<ArgumentException>(() => TrlGeneralizedJsd.Loss(ToyRows.Logits(s_student), ToyRows.Logits(s_teacher), reduction: "none"));
}
