using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Rollouts;

public sealed class SequenceBatchTests
{
    private static readonly Rollout[] s_rollouts =
    [
        new() { PromptIds = [1, 2, 3], ResponseIds = [4, 5, 257] },
        new() { PromptIds = [9], ResponseIds = [8, 7, 6, 5, 4, 3, 257] },
        new() { PromptIds = [11, 12, 13, 14, 15, 16], ResponseIds = [257] },
        new() { PromptIds = [21, 22], ResponseIds = [23, 24, 25, 26] },
    ];

    [Fact]
    public void A_row_is_the_position_before_its_token()
    {
        Models.Native.TorchRuntime.EnsureLoaded();
        using var scope = torch.NewDisposeScope();
        SequenceBatch batch = SequenceBatch.Create(s_rollouts, torch.CPU);
        Assert.Equal(5 + 7 + 6 + 5, batch.Packed.Ids_T.shape[0]); // the last token of a sequence predicts nothing
        long[] rows = batch.Rows_N.data<long>().ToArray(), sampled = batch.SampledIds_N.data<long>().ToArray(), sequence = batch.Sequence_N.data<long>().ToArray();
        Assert.Equal(3 + 7 + 1 + 4, rows.Length);
        long[] ids = batch.Packed.Ids_T.data<long>().ToArray();
        for (int n = 0; n < rows.Length; n++)
        {
            Rollout rollout = s_rollouts[sequence[n]];
            int[] all = [.. rollout.PromptIds, .. rollout.ResponseIds];
            int position = (int)rows[n] - batch.Packed.Starts_S[(int)sequence[n]];
            Assert.Equal(all[position], ids[rows[n]]);
            Assert.Equal(all[position + 1], sampled[n]);
        }
    }

    [Fact]
    public void A_model_that_copies_has_no_loss_and_a_shift_by_one_shows()
    {
        // Logits that put all mass on the next token of the text: p(next) = 1.
        Models.Native.TorchRuntime.EnsureLoaded();
        using var scope = torch.NewDisposeScope();
        double LossWithShift(int shift)
        {
            SequenceBatch batch = SequenceBatch.Create(s_rollouts, torch.CPU);
            long places = batch.Packed.Ids_T.shape[0];
            var logits = new float[places * 262];
            for (int b = 0; b < s_rollouts.Length; b++)
            {
                int[] all = [.. s_rollouts[b].PromptIds, .. s_rollouts[b].ResponseIds];
                for (int t = 0; t < all.Length - 1; t++)
                    if (t + 1 + shift < all.Length && t + 1 + shift >= 0) logits[(batch.Packed.Starts_S[b] + t) * 262 + all[t + 1 + shift]] = 60;
            }
            torch.Tensor rows_NV = torch.tensor(logits, [places, 262]).index_select(0, batch.Rows_N);
            return ObjectiveFactory.Create(new SupervisedObjectiveRecipe()).Evaluate(new TokenRows
            {
                StudentHidden_ND = rows_NV.requires_grad_(true), StudentHead_VD = null, VocabularySize = 262, SampledIds_N = batch.SampledIds_N,
                Weights_N = torch.ones(rows_NV.shape[0]), Sequence_N = batch.Sequence_N, Normalizer = rows_NV.shape[0],
            }).Loss.ToDouble();
        }

        Assert.Equal(0, LossWithShift(0), 1e-6);
        Assert.True(LossWithShift(1) > 1);
        Assert.True(LossWithShift(-1) > 1);
    }

    [Theory]
    [InlineData("""reverse-kl""")]
    [InlineData("""forward-kl""")]
    [InlineData("""jsd""")]
    [InlineData("""policy-gradient""")]
    [InlineData("""supervised""")]
    public void Micro_batches_of_one_two_and_four_give_the_same_gradient(string objective)
    {
        using var folder = new TemporaryFolder();
        using LanguageModel student = LanguageModel.Load(Write(folder.File("s"), 1, gain: 4), torch.CPU), teacher = LanguageModel.Load(Write(folder.File("t"), 2, gain: 4), torch.CPU);
        double[] whole = Gradient(student, teacher, objective, s_rollouts, 4);
        Assert.Contains(whole, g => Math.Abs(g) > 1e-4);
        foreach (int size in new[] { 1, 2 })
        {
            double[] split = Gradient(student, teacher, objective, s_rollouts, size);
            double norm = Math.Sqrt(whole.Sum(g => g * g)), difference = Math.Sqrt(whole.Zip(split, (a, b) => (a - b) * (a - b)).Sum());
            Assert.True(difference <= 1e-6 * Math.Max(1, norm), $"{objective}, micro-batch {size}: {difference} of {norm}");
        }
    }

    [Theory]
    [InlineData("reverse-kl")]
    [InlineData("forward-kl")]
    [InlineData("jsd")]
    [InlineData("policy-gradient")]
    public void A_teacher_that_equals_the_student_gives_no_loss_and_no_gradient(string objective)
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("s"), 1, gain: 4);
        using LanguageModel student = LanguageModel.Load(folder.File("s"), torch.CPU), teacher = LanguageModel.Load(folder.File("s"), torch.CPU);
        Assert.All(Gradient(student, teacher, objective, s_rollouts, 4), g => Assert.Equal(0, g, 1e-6));
    }

    [Fact]
    public void Neighbours_in_the_pack_change_nothing()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel student = LanguageModel.Load(Write(folder.File("s"), 1, gain: 4), torch.CPU);
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        torch.Tensor together_ND = SequenceBatch.Create(s_rollouts, torch.CPU).HiddenRows(student.Decoder);
        torch.Tensor alone_ND = torch.cat(s_rollouts.Select(r => SequenceBatch.Create([r], torch.CPU).HiddenRows(student.Decoder)).ToArray(), 0);
        Assert.Equal(0, (together_ND - alone_ND).abs().max().ToDouble(), 1e-5);
    }

    private static double[] Gradient(LanguageModel student, LanguageModel teacher, string objective, Rollout[] rollouts, int microBatch)
    {
        IObjective loss = ObjectiveFactory.Create(objective switch
        {
            "supervised" => new SupervisedObjectiveRecipe(),
            "policy-gradient" => new PolicyGradientObjectiveRecipe(),
            _ => new DivergenceObjectiveRecipe { Divergence = objective },
        });
        student.Decoder.Weights.EnableTraining();
        student.Decoder.Weights.ZeroGradients();
        foreach (IReadOnlyList<Rollout> part in SequenceBatch.Split(rollouts, microBatch))
        {
            using var scope = torch.NewDisposeScope();
            SequenceBatch batch = SequenceBatch.Create(part, torch.CPU);
            torch.Tensor teacherHidden;
            using (torch.no_grad()) teacherHidden = batch.HiddenRows(teacher.Decoder);
            loss.Evaluate(new TokenRows
            {
                StudentHidden_ND = batch.HiddenRows(student.Decoder), StudentHead_VD = student.Decoder.Head_VD, TeacherHidden_NM = teacherHidden,
                TeacherHead_WM = teacher.Decoder.Head_VD, VocabularySize = 262, SampledIds_N = batch.SampledIds_N, Weights_N = torch.ones(batch.Rows_N.shape[0]),
                Sequence_N = batch.Sequence_N, Normalizer = rollouts.Sum(r => r.ResponseIds.Length),
            }).Loss.backward();
        }
        return student.Decoder.Weights.Gradients_P!.to_type(torch.float64).data<double>().ToArray();
    }
}
