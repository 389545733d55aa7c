using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

public sealed class FusedLossTests
{
    public static TheoryData<string> Names => ["reverse-kl", "forward-kl", "jsd", "policy-gradient", "supervised"];

    internal static IObjective Objective(string name) => ObjectiveFactory.Create(name switch
    {
        "policy-gradient" => new PolicyGradientObjectiveRecipe(),
        "supervised" => new SupervisedObjectiveRecipe(),
        _ => new DivergenceObjectiveRecipe { Divergence = name },
    });

    [Theory, MemberData(nameof(Names))]
    public void Head_and_hidden_gradients_equal_those_through_dense_logits(string name)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        TokenRows rows = HeadRows(7, 11, 11);
        // The dense way: logits by an ordinary product in the graph, handed over as given logits.
        torch.Tensor hidden = rows.StudentHidden_ND.detach().clone().requires_grad_();
        torch.Tensor head = rows.StudentHead_VD!.detach().clone().requires_grad_();
        TokenRows dense = rows with
        {
            StudentHidden_ND = hidden.matmul(head.t()), StudentHead_VD = null,
            TeacherHidden_NM = rows.TeacherHidden_NM!.matmul(rows.TeacherHead_WM!.t()), TeacherHead_WM = null,
        };
        torch.Tensor expected = Objective(name).Evaluate(dense).Loss;
        expected.backward();
        foreach (long chunk in new long[] { 1, 2, 7, 256 })
        {
            rows.StudentHidden_ND.grad = null;
            rows.StudentHead_VD.grad = null;
            ChunkPlan.s_chunkRowsForTest = chunk;
            try
            {
                torch.Tensor loss = Objective(name).Evaluate(rows).Loss;
                loss.backward();
                Assert.Equal(expected.ToDouble(), loss.ToDouble(), 12);
            }
            finally
            {
                ChunkPlan.s_chunkRowsForTest = null;
            }
            ToyRows.Close(ToyRows.Doubles(hidden.grad!), ToyRows.Doubles(rows.StudentHidden_ND.grad!), 1e-12);
            ToyRows.Close(ToyRows.Doubles(head.grad!), ToyRows.Doubles(rows.StudentHead_VD.grad!), 1e-12);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void The_incoming_gradient_scales_both_gradients(string name)
    {
        TokenRows rows = HeadRows(5, 9, 9);
        Objective(name).Evaluate(rows).Loss.backward();
        double[] once = ToyRows.Doubles(rows.StudentHead_VD!.grad!);
        rows.StudentHead_VD.grad = null;
        (Objective(name).Evaluate(rows).Loss * -3).backward();
        ToyRows.Close(once.Select(x => -3 * x).ToArray(), ToyRows.Doubles(rows.StudentHead_VD.grad!), 1e-12);
    }

    [Theory, MemberData(nameof(Names))]
    public void Padding_rows_of_the_heads_change_nothing_and_get_no_gradient(string name)
    {
        TokenRows rows = HeadRows(6, 10, 13);
        TokenRows cut = rows with
        {
            StudentHidden_ND = rows.StudentHidden_ND.detach().clone().requires_grad_(),
            StudentHead_VD = rows.StudentHead_VD!.detach().narrow(0, 0, 10).clone().requires_grad_(),
            TeacherHead_WM = rows.TeacherHead_WM!.narrow(0, 0, 10),
        };
        torch.Tensor padded = Objective(name).Evaluate(rows).Loss;
        torch.Tensor expected = Objective(name).Evaluate(cut).Loss;
        padded.backward();
        expected.backward();
        Assert.Equal(expected.ToDouble(), padded.ToDouble(), 13);
        ToyRows.Close(ToyRows.Doubles(cut.StudentHidden_ND.grad!), ToyRows.Doubles(rows.StudentHidden_ND.grad!), 1e-13);
        Assert.Equal(0, rows.StudentHead_VD.grad!.narrow(0, 10, 3).abs().sum().ToDouble());
    }

    [Theory, MemberData(nameof(Names))]
    public void Minus_infinity_logits_never_make_nan(string name)
    {
        double low = double.NegativeInfinity;
        (double loss, double[] gradient, _) = ToyRows.Run(Objective(name), ToyRows.From([[1, 2, low, low], [0, 1, 2, 3]], [[2, low, 1, low], [1, low, 0, low]], [0, 2]));
        Assert.True(double.IsFinite(loss));
        Assert.All(gradient, g => Assert.True(double.IsFinite(g)));
    }

    [Theory, MemberData(nameof(Names))]
    public void Splitting_a_step_into_micro_batches_never_changes_the_gradient(string name)
    {
        Random random = new(5);
        double[][] student = ToyRows.Random(random, 9, 6), teacher = ToyRows.Random(random, 9, 6);
        long[] ids = Enumerable.Range(0, 9).Select(_ => random.NextInt64(6)).ToArray();
        double[] weights = Enumerable.Range(0, 9).Select(_ => random.NextDouble()).ToArray();
        double[] whole = ToyRows.Run(Objective(name), ToyRows.From(student, teacher, ids, weights, 9)).Gradient;
        List<double> pieces = [];
        foreach (Range part in new[] { 0..1, 1..5, 5..9 })
            pieces.AddRange(ToyRows.Run(Objective(name), ToyRows.From(student[part], teacher[part], ids[part], weights[part], 9)).Gradient);
        ToyRows.Close(whole, pieces.ToArray(), 1e-15);
    }

    [Theory]
    [InlineData("reverse-kl")]
    [InlineData("forward-kl")]
    [InlineData("jsd")]
    [InlineData("policy-gradient")]
    public void Equal_models_give_no_loss_and_no_gradient(string name)
    {
        double[][] logits = ToyRows.Random(new Random(3), 4, 8, 6);
        (double loss, double[] gradient, _) = ToyRows.Run(Objective(name), ToyRows.From(logits, logits, [1, 2, 3, 4]));
        Assert.Equal(0, loss, 12);
        Assert.All(gradient, g => Assert.Equal(0, g, 12));
    }

    [Theory]
    [InlineData("reverse-kl")]
    [InlineData("forward-kl")]
    [InlineData("jsd")]
    public void Bfloat16_inputs_never_give_a_negative_divergence_beyond_rounding(string name)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor student = (torch.randn(32, 500) * 8).to(torch.ScalarType.BFloat16);
        TokenRows rows = ToyRows.From(ToyRows.Random(new Random(1), 32, 500), null) with
        {
            StudentHidden_ND = student.clone().requires_grad_(), TeacherHidden_NM = student + 0.01 * torch.randn(32, 500).to(torch.ScalarType.BFloat16),
        };
        ObjectiveResult result = Objective(name).Evaluate(rows);
        Assert.True(result.Signals.Divergence_N!.min().ToDouble() >= -1e-7);
        Assert.Equal(torch.ScalarType.Float32, result.Signals.Divergence_N!.dtype);
    }

    [Theory, MemberData(nameof(Names))]
    public void In_float32_micro_batches_agree_within_rounding(string name)
    {
        TokenRows all = HeadRows(9, 40, 40, torch.ScalarType.Float32);
        Objective(name).Evaluate(all).Loss.backward();
        double[] whole = ToyRows.Doubles(all.StudentHead_VD!.grad!);
        all.StudentHead_VD.grad = null;
        foreach ((int start, int count) in new[] { (0, 1), (1, 5), (6, 3) })
        {
            Objective(name).Evaluate(all with
            {
                StudentHidden_ND = all.StudentHidden_ND.detach().narrow(0, start, count).clone().requires_grad_(),
                TeacherHidden_NM = all.TeacherHidden_NM!.narrow(0, start, count),
                SampledIds_N = all.SampledIds_N.narrow(0, start, count),
                Weights_N = all.Weights_N.narrow(0, start, count),
                Sequence_N = all.Sequence_N.narrow(0, start, count),
            }).Loss.backward();
        }
        ToyRows.Close(whole, ToyRows.Doubles(all.StudentHead_VD.grad!), 1e-6 * whole.Max(Math.Abs));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_step_leaves_no_tensor_behind(string name)
    {
        TokenRows rows = HeadRows(6, 50, 50);
        void Step()
        {
            using DisposeScope scope = torch.NewDisposeScope();
            Objective(name).Evaluate(rows).Loss.backward();
        }
        Step();
        DisposeScopeManager.Statistics.Reset();
        for (int i = 0; i < 5; i++) Step();
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void An_id_beyond_the_shared_vocabulary_is_refused()
    {
        foreach (long id in new[] { 4L, -1 })
        {
            OpdException error = Assert.Throws<OpdException>(() => Objective("reverse-kl").Evaluate(ToyRows.From([[1, 2, 3, 4]], [[1, 2, 3, 4]], [id])));
            Assert.Equal(ErrorCodes.TokenOutOfRange, error.Code);
        }
        OpdException narrow = Assert.Throws<OpdException>(() => Objective("reverse-kl").Evaluate(ToyRows.From([[1, 2, 3]], [[1, 2]])));
        Assert.Equal(ErrorCodes.VocabularyMismatch, narrow.Code);
    }

    internal static TokenRows HeadRows(int count, int vocabulary, int headRows, torch.ScalarType type = torch.ScalarType.Float64)
    {
        OpdCode.Models.Native.TorchRuntime.EnsureLoaded();
        torch.Generator generator = new(7);
        torch.Tensor Normal(long a, long b) => torch.randn(a, b, dtype: torch.ScalarType.Float64, generator: generator).to(type);
        return new TokenRows
        {
            StudentHidden_ND = Normal(count, 4).requires_grad_(),
            StudentHead_VD = Normal(headRows, 4).requires_grad_(),
            TeacherHidden_NM = Normal(count, 3),
            TeacherHead_WM = Normal(headRows, 3),
            VocabularySize = vocabulary,
            SampledIds_N = torch.arange(count).remainder(vocabulary),
            Weights_N = torch.linspace(0.5, 1.5, count),
            Sequence_N = torch.arange(count).div(3, rounding_mode: torch.RoundingMode.floor).to(torch.ScalarType.Int64),
            Normalizer = count,
            SequenceNormalizer = (count + 2) / 3,
        };
    }
}
