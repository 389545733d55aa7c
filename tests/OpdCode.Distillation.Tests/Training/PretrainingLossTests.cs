using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Distillation.Tests.Signals;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Training;

public sealed class PretrainingLossTests
{
    private const string Corpus = "The quick brown fox jumps over the lazy dog. Pack my box with five dozen jugs; how quickly daft jumping zebras vex.\n";

    [Theory] // the twin: supervised and forward KL, which the loss is made of, on the same excerpts; −Σ T·log S is KL(T‖S) + H(T)
    [InlineData(.5, 1)]
    [InlineData(.25, 3)]
    [InlineData(1, 1)]
    public void Its_gradient_is_that_of_next_token_loss_and_forward_kl_in_their_shares(double share, double coefficient)
    {
        using var folder = new TemporaryFolder();
        using DisposeScope scope = torch.NewDisposeScope();
        (Recipe recipe, LanguageModel student, TeacherSignal teacher) = Open(folder, new PretrainingRecipe { Data = folder.File("corpus.txt"), JudgeShare = share, Coefficient = coefficient, Tokens = 20, Excerpts = 3 });
        using LanguageModel owned = student;
        using TeacherSignal judge = teacher;
        IReadOnlyDictionary<string, double> metrics = PretrainingLoss.Create(recipe, student, judge)!.Backward(2, CancellationToken.None);
        double[] gradient = ToyRows.Doubles(student.Decoder.Trained.Gradients_P!);
        student.Decoder.Trained.ZeroGradients();

        var corpus = new CorpusText(folder.File("corpus.txt"), student, 20, recipe.Seed);
        Rollout[] excerpts = [.. new long[] { 3, 4, 5 }.Select(corpus.Excerpt).Select(ids => new Rollout { PromptIds = ids[..1], ResponseIds = ids[1..], Writer = RolloutWriter.Data })];
        SequenceBatch batch = SequenceBatch.Create(excerpts, torch.CPU);
        TokenRows rows = new()
        {
            StudentHidden_ND = batch.HiddenRows(student.Decoder), StudentHead_VD = student.Decoder.Head_VD, TeacherHidden_NM = judge.HiddenRows(batch), TeacherHead_WM = judge.Head_WM,
            VocabularySize = student.VocabularySize, SampledIds_N = batch.SampledIds_N, Weights_N = torch.ones(batch.Rows_N.shape[0]), Sequence_N = batch.Sequence_N, Normalizer = batch.Rows_N.shape[0],
        };
        ObjectiveResult next = ObjectiveFactory.Create(new SupervisedObjectiveRecipe()).Evaluate(rows), forward = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "forward-kl" }).Evaluate(rows);
        (next.Loss * ((1 - share) * coefficient) + forward.Loss * (share * coefficient)).backward();
        ToyRows.Close(ToyRows.Doubles(student.Decoder.Trained.Gradients_P!), gradient, 2e-5 * coefficient);
        Assert.Contains(gradient, g => Math.Abs(g) > .01);
        double entropy = ToyRows.Doubles(forward.Signals.TeacherEntropy_N!).Average();
        Assert.Equal((1 - share) * next.Loss.ToDouble() + share * (forward.Loss.ToDouble() + entropy), metrics["pretrainingLoss"], 1e-4);
        Assert.Equal(next.Loss.ToDouble(), metrics["pretrainingNextToken"], 1e-4);
    }

    [Fact]
    public void A_coefficient_of_0_changes_no_bit_of_a_run_and_another_does()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, steps: 3);
        File.WriteAllText(folder.File("corpus.txt"), Corpus);
        StepMetrics[] without = Run("plain"), zero = Run("zero", """pretraining={"data": "corpus.txt", "coefficient": 0}"""), one = Run("one", """pretraining={"data": "corpus.txt", "tokens": 16}""");
        Assert.Equal(without.Select(s => (s.Values["loss"], s.Values["gradientNorm"])), zero.Select(s => (s.Values["loss"], s.Values["gradientNorm"])));
        Assert.DoesNotContain("pretrainingLoss", zero[0].Values.Keys);
        Assert.Equal(without[0].Values["loss"], one[0].Values["loss"]); // the first step's rollouts are the same, and "loss" is the objective's
        Assert.NotEqual(without[0].Values["gradientNorm"], one[0].Values["gradientNorm"]);
        Assert.All(one, s => Assert.InRange(s.Values["pretrainingLoss"], .1, 20));

        StepMetrics[] Run(string name, params string[] set) => SignalRuns.Steps(SignalRuns.Run(recipe, folder.File(name), set));
    }

    [Fact]
    public void Micro_batches_do_not_change_the_gradient()
    {
        using var folder = new TemporaryFolder();
        using DisposeScope scope = torch.NewDisposeScope();
        (Recipe recipe, LanguageModel student, TeacherSignal judge) = Open(folder, new PretrainingRecipe { Data = folder.File("corpus.txt"), Tokens = 16, Excerpts = 5 });
        using LanguageModel owned = student;
        using TeacherSignal ownedJudge = judge;
        double[] Gradient(int micro)
        {
            student.Decoder.Trained.ZeroGradients();
            PretrainingLoss.Create(recipe with { Optimizer = recipe.Optimizer with { MicroBatch = micro } }, student, judge)!.Backward(1, CancellationToken.None);
            return ToyRows.Doubles(student.Decoder.Trained.Gradients_P!);
        }
        ToyRows.Close(Gradient(0), Gradient(2), 2e-5);
    }

    [Fact]
    public void A_judges_share_needs_a_judge()
    {
        using var folder = new TemporaryFolder();
        (Recipe recipe, LanguageModel student, TeacherSignal judge) = Open(folder, new PretrainingRecipe { Data = folder.File("corpus.txt"), Tokens = 16 });
        using LanguageModel owned = student;
        using TeacherSignal ownedJudge = judge;
        Assert.Equal(ErrorCodes.ObjectiveInputMissing, Assert.Throws<OpdException>(() => PretrainingLoss.Create(recipe, student, null)).Code);
        Assert.NotNull(PretrainingLoss.Create(recipe with { Pretraining = recipe.Pretraining! with { JudgeShare = 0 } }, student, null));
    }

    private static (Recipe Recipe, LanguageModel Student, TeacherSignal Judge) Open(TemporaryFolder folder, PretrainingRecipe pretraining)
    {
        Recipe recipe = RecipeReader.Read(WriteRecipe(folder)).Recipe!;
        File.WriteAllText(folder.File("corpus.txt"), Corpus);
        LanguageModel student = LanguageModel.Load(folder.File("student"), torch.CPU);
        student.Decoder.Trained.EnableTraining();
        return (recipe with { Pretraining = pretraining }, student, new TeacherSignal(LanguageModel.Load(folder.File("teacher"), torch.CPU)));
    }
}
