using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using static OpdCode.Distillation.Tests.Signals.SignalRuns;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Signals;

public sealed class SignalRunTests
{
    public static TheoryData<string, string, string> Signals => new()
    {
        { Divergence, $$$"""{"kind": "self", "context": {{{Hint}}}}""", "" },
        { Divergence, $$$"""{"kind": "self", "weights": "ema", "decay": 0.9, "every": 2, "context": {{{Hint}}}}""", "" },
        { Divergence, $$$"""{"kind": "self", "weights": "live", "context": {{{Hint}}}}""", "" },
        { Gradient, $$$"""{"kind": "self", "context": {{{Hint}}}, "auxiliary": [{{{Hint}}}, {"kind": "template", "text": "{other.completion}|{prompt}"}], "contrast": {"kind": "template", "text": "{other.completion}{prompt}"}}""", "" },
        { Gradient, """{"kind": "teacher", "model": "teacher", "extrapolation": {"lambda": 1.25}}""", "" },
        { Divergence, """{"kind": "teacher", "model": "teacher", "extrapolation": {"lambda": 1.25, "base": "student", "guard": "cap"}}""", "" },
        { Divergence, """{"kind": "self", "context": {"kind": "harness", "harness": "mine.json", "maxNewTokens": 4, "hint": "answer"}}""", "" },
        { Divergence, """{"kind": "self", "weights": "ema", "context": {"kind": "peers", "text": "{prompt}:{peer}", "feedback": "{prompt}!"}}""", """, "rewards": [{"kind": "regex", "pattern": "[a-m]", "lengthBonus": 0.1}]""" },
        { """{"kind": "preference"}""", $$$"""{"kind": "self", "writesPreferred": true, "context": {{{Hint}}}}""", "" },
        { Divergence, """{"kind": "teacher", "model": "teacher"}""", """, "acceleration": {"kind": "extrapolate", "candidates": 2, "validationPrompts": 3}""" },
    };

    [Theory]
    [MemberData(nameof(Signals))]
    public void Every_signal_runs_the_same_twice_and_micro_batches_change_nothing(string objective, string signal, string more)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("mine.json"), """{"title": "t", "source": "s", "stages": [{"name": "plan", "prompt": "{prompt}"}], "final": ["{plan}{prompt}{hint}"]}""");
        string recipe = Recipe(folder, objective, signal, more: more);
        StepMetrics[] a = Steps(Run(recipe, folder.File("a"), "rollout.samplesPerPrompt=2")), b = Steps(Run(recipe, folder.File("b"), "rollout.samplesPerPrompt=2"));
        Assert.Equal(a.Select(m => m.Values["loss"]), b.Select(m => m.Values["loss"]));
        Assert.Contains(a, m => m.Values["gradientNorm"] > 0);
        StepMetrics[] split = Steps(Run(recipe, folder.File("c"), "rollout.samplesPerPrompt=2", "optimizer.microBatch=3"));
        Assert.Equal(a[0].Values["loss"], split[0].Values["loss"], 1e-4);
        Assert.Equal(a[0].Values["gradientNorm"], split[0].Values["gradientNorm"], 1e-3 * Math.Max(1, a[0].Values["gradientNorm"]));
    }

    [Theory]
    [InlineData("frozen")]
    [InlineData("live")]
    [InlineData("ema")]
    public void A_student_that_judges_itself_with_nothing_more_to_see_has_nothing_to_learn(string weights)
    {
        using var folder = new TemporaryFolder();
        string recipe = Recipe(folder, Divergence, $$$"""{"kind": "self", "weights": "{{{weights}}}", "context": {"kind": "template", "text": "{prompt}"}}""");
        OpdException error = Assert.Throws<OpdException>(() => Run(recipe, folder.File("run")));
        Assert.Equal(ErrorCodes.NoSignal, error.Code);
    }

    [Theory]
    [InlineData("frozen")]
    [InlineData("ema")]
    public void A_self_judge_under_lora_works_with_the_adapter_alone(string weights)
    {
        using var folder = new TemporaryFolder();
        string recipe = Recipe(folder, Divergence, $$$"""{"kind": "self", "weights": "{{{weights}}}", "decay": 0.5, "context": {{{Hint}}}}""");
        string[] lora = ["""student.lora={"r": 4, "alpha": 8, "targetModules": ["q_proj", "down_proj"]}"""];
        StepMetrics[] full = Steps(Run(recipe, folder.File("full"))), steps = Steps(Run(recipe, folder.File("run"), lora));
        Assert.All(steps, m => Assert.True(m.Values["gradientNorm"] > 0));
        // Before the first step both students are the same model, and so are their judges.
        Assert.Equal(full[0].Values["divergence"], steps[0].Values["divergence"], 1e-5);
    }

    [Fact]
    public void Extrapolation_by_one_is_plain_distillation_bit_for_bit()
    {
        using var folder = new TemporaryFolder();
        foreach (string objective in new[] { Gradient, Divergence })
        {
            byte[] plain = Weights(Run(Recipe(folder, objective, """{"kind": "teacher", "model": "teacher"}"""), folder.File($"plain-{objective.Length}")));
            byte[] by1 = Weights(Run(Recipe(folder, objective, """{"kind": "teacher", "model": "teacher", "extrapolation": {"lambda": 1, "base": "student", "guard": "cap"}}"""), folder.File($"one-{objective.Length}")));
            Assert.Equal(plain, by1);
        }
    }

    [Fact] // SDPO's trust region: target ∝ live^λ·start^(1−λ), both shown the context
    public void A_base_that_sees_the_context_makes_a_trust_region_around_the_start()
    {
        using var folder = new TemporaryFolder();
        StepMetrics[] Run(string weights, string more) => Steps(SignalRuns.Run(Recipe(folder, Divergence, $$$"""{"kind": "self", "weights": "{{{weights}}}", "context": {{{Hint}}}{{{more}}}}"""), folder.File($"{weights}{more.Length}"), "optimizer.learningRate=0.01"));
        StepMetrics[] frozen = Run("frozen", ""), live = Run("live", ""), none = Run("live", """, "extrapolation": {"lambda": 0, "baseSees": "context"}"""), some = Run("live", """, "extrapolation": {"lambda": 0.5, "baseSees": "context"}""");
        for (int i = 0; i < frozen.Length; i++) Assert.Equal(frozen[i].Values["loss"], none[i].Values["loss"], 1e-3 * frozen[i].Values["loss"]);
        Assert.Equal(live[0].Values["loss"], some[0].Values["loss"], 1e-4); // before the first step both are the start
        Assert.NotEqual(frozen[^1].Values["loss"], live[^1].Values["loss"], 1e-3);
        Assert.NotEqual(some[^1].Values["loss"], live[^1].Values["loss"], 1e-4);
    }

    [Fact]
    public void Recorded_rollouts_hold_lambda_star_of_contract_positions()
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("sure"), 2, hidden: 48, gain: 24);
        string signal = """{"kind": "teacher", "model": "sure", "extrapolation": {"lambda": 1.25, "contract": 0.5}}""";
        RunReader run = Run(Recipe(folder, Gradient, signal), folder.File("run"), "record.every=1");
        float[] stars = [.. run.ReadRollouts(1).SelectMany(r => r.LambdaStar!)];
        Assert.Equal(run.ReadRollouts(1).Sum(r => r.TokenIds.Length), stars.Length);
        Assert.Contains(stars, float.IsNaN);
        Assert.Contains(stars, s => s >= 1);
        Assert.True(run.ReadMetrics().First(m => m.Step == 1).Values["lambdaStar"] >= stars.Where(float.IsFinite).Min() - 1e-4);
        Assert.All(RunReader.Open(Run(Recipe(folder, Gradient, """{"kind": "teacher", "model": "teacher"}"""), folder.File("plain"), "record.every=1").Folder).ReadRollouts(1), r => Assert.Null(r.LambdaStar));
    }

    [Fact]
    public void A_column_that_is_missing_is_named_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        string recipe = Recipe(folder, Divergence, """{"kind": "self", "context": {"kind": "template", "text": "{prompt} {solution}"}}""");
        OpdException error = Assert.Throws<OpdException>(() => Run(recipe, folder.File("run")));
        Assert.Equal(ErrorCodes.DataColumnMissing, error.Code);
        Assert.Contains("line 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("solution", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void A_group_with_no_success_and_no_feedback_has_no_loss()
    {
        using var folder = new TemporaryFolder();
        string recipe = Recipe(folder, Divergence, """{"kind": "self", "context": {"kind": "peers"}}""", steps: 2, more: """, "rewards": [{"kind": "regex", "pattern": "never written"}]""");
        StepMetrics[] steps = Steps(Run(recipe, folder.File("run"), "rollout.samplesPerPrompt=2"));
        Assert.All(steps, m => Assert.Equal((0, 0, 8), (m.Values["loss"], m.Values["gradientNorm"], m.Values["unjudged"])));
    }

    private static byte[] Weights(RunReader run) => File.ReadAllBytes(Path.Combine(run.Folder, "checkpoints", "checkpoint-4", "model.safetensors"));
}
