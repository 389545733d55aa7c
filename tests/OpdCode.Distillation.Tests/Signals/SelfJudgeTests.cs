using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Models.Decoding;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Signals;

public sealed class SelfJudgeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void After_n_steps_the_average_has_its_closed_form(bool lora)
    {
        using var folder = new TemporaryFolder();
        using LanguageModel student = Student(folder, lora);
        using var judge = new SelfJudge(student, new SelfSignalRecipe { Weights = SelfWeights.Ema, Decay = 0.9 });
        using torch.Tensor start = Trained(student), moved = start + 1;
        student.Decoder.Trained.Values_P.copy_(moved);
        for (int step = 1; step <= 5; step++) judge.Stepped(step);
        double share = Math.Pow(0.9, 5);
        using torch.Tensor average = Average(judge);
        Assert.True(torch.allclose(start * share + moved * (1 - share), average, 1e-5, 1e-6));
    }

    [Fact]
    public void Frozen_stays_live_follows_and_a_decay_of_one_never_moves()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel student = Student(folder, lora: false);
        using var frozen = new SelfJudge(student, new SelfSignalRecipe());
        using var live = new SelfJudge(student, new SelfSignalRecipe { Weights = SelfWeights.Live });
        using var still = new SelfJudge(student, new SelfSignalRecipe { Weights = SelfWeights.Ema, Decay = 1 });
        using torch.Tensor start = Trained(student), before = Read(frozen), same = Read(live);
        Assert.True(Same(before, same));
        student.Decoder.Trained.Values_P.mul_(1.5);
        foreach (SelfJudge judge in new[] { frozen, live, still }) judge.Stepped(1);
        using torch.Tensor after = Read(frozen), followed = Read(live), kept = Average(still);
        Assert.True(Same(before, after));
        Assert.False(Same(before, followed));
        Assert.True(Same(start, kept));
    }

    [Fact]
    public void A_fresh_adapter_does_not_judge_and_stays_the_students()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel student = Student(folder, lora: true);
        using var frozen = new SelfJudge(student, new SelfSignalRecipe());
        using torch.Tensor before = Read(frozen);
        LowRankAdapter adapter = student.Decoder.Adapter!;
        adapter.Parameters.Values_P.add_(0.3);
        using torch.Tensor after = Read(frozen);
        Assert.True(Same(before, after));
        Assert.Same(adapter, student.Decoder.Adapter);
        Assert.Throws<InvalidOperationException>(() => frozen.Use<int>(_ => throw new InvalidOperationException()));
        Assert.Same(adapter, student.Decoder.Adapter);
        Assert.Null(frozen.State);
    }

    [Fact]
    public void Every_decides_how_often_it_averages()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel student = Student(folder, lora: false);
        using var judge = new SelfJudge(student, new SelfSignalRecipe { Weights = SelfWeights.Ema, Decay = 0.5, Every = 10 });
        using torch.Tensor start = Trained(student);
        student.Decoder.Trained.Values_P.add_(1);
        for (int step = 1; step < 10; step++) judge.Stepped(step);
        using torch.Tensor before = Average(judge);
        Assert.True(Same(start, before));
        judge.Stepped(10);
        using torch.Tensor after = Average(judge);
        Assert.True(torch.allclose(start + 0.5, after, 1e-5, 1e-6));
    }

    [Fact]
    public void Restoring_gives_back_what_was_captured_and_refuses_another_shape()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel student = Student(folder, lora: false);
        using var judge = new SelfJudge(student, new SelfSignalRecipe { Weights = SelfWeights.Ema, Decay = 0.7 });
        student.Decoder.Trained.Values_P.add_(1);
        judge.Stepped(1);
        // What a checkpoint would hold: the snapshot itself may change with the next step.
        using var snapshot = new MethodSnapshot(new Dictionary<string, torch.Tensor> { ["weights"] = Average(judge) }, new Dictionary<string, double>());
        judge.Stepped(2);
        using (torch.Tensor changed = Average(judge)) Assert.False(Same(snapshot.Tensors["weights"], changed));
        judge.Restore(snapshot);
        using torch.Tensor restored = Average(judge);
        Assert.True(Same(snapshot.Tensors["weights"], restored));
        using var other = new MethodSnapshot(new Dictionary<string, torch.Tensor> { ["weights"] = torch.zeros(3) }, new Dictionary<string, double>());
        Assert.Equal(ErrorCodes.CheckpointInvalid, Assert.Throws<OpdException>(() => judge.Restore(other)).Code);
    }

    private static bool Same(torch.Tensor a, torch.Tensor b) => a.equal(b).all().ToBoolean();

    private static LanguageModel Student(TemporaryFolder folder, bool lora)
    {
        LanguageModel student = LanguageModel.Load(Write(folder.File("student"), 1, gain: 4), torch.CPU);
        if (lora) student.Decoder.Adapter = new LowRankAdapter([("model.layers.0.self_attn.q_proj", 32, 32)], 4, 2, 5, torch.CPU);
        return student;
    }

    private static torch.Tensor Trained(LanguageModel student) => student.Decoder.Trained.Values_P.clone();

    private static torch.Tensor Average(SelfJudge judge)
    {
        using MethodSnapshot snapshot = judge.Capture();
        return snapshot.Tensors["weights"].clone();
    }

    private static torch.Tensor Read(SelfJudge judge) => judge.Use(d =>
    {
        using var scope = torch.NewDisposeScope();
        return d.Hidden(torch.tensor(new long[] { 65, 66, 67 }, [1, 3]), AttentionPattern.Causal).MoveToOuterDisposeScope();
    });
}
