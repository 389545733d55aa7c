using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Tests.Signals;
using OpdCode.Recipes;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests;

/// <summary>What a method carries from step to step (an averaged judge, running means, a rejected candidate) survives a resume, too.</summary>
public sealed class MethodResumeTests
{
    private const string Lora = """student.lora={"r": 4, "alpha": 8, "targetModules": ["q_proj", "down_proj"]}""";
    private const string Reward = """, "rewards": [{"kind": "regex", "pattern": "[a-m]"}]""";

    private static readonly string s_teacher = """{"kind": "teacher", "model": "teacher"}""";
    private static readonly string s_ema = $$$"""{"kind": "self", "weights": "ema", "decay": 0.9, "every": 2, "context": {{{SignalRuns.Hint}}}}""";

    private static readonly string s_unified = $$$"""{"kind": "self", "weights": "ema", "decay": 0.9, "every": 2, "context": {{{SignalRuns.Hint}}}, "auxiliary": [{{{SignalRuns.Hint}}}, {"kind": "template", "text": "{other.completion}|{prompt}"}], "contrast": {"kind": "template", "text": "{other.completion}{prompt}"}}""";

    public static TheoryData<string, string, string, string[]> Stabilized => new()
    {
        { SignalRuns.Divergence, s_ema, "", [Lora] },
        { SignalRuns.Divergence, s_ema, "", ["checkpoint.type=bfloat16"] },
        { """{"kind": "group-reward"}""", s_teacher, Reward + """, "stabilizers": [{"kind": "welford-whitening"}, {"kind": "entropy-gate", "gamma": 0.1, "lookahead": 5}, {"kind": "margin-mask", "keep": 0.25}]""", ["rollout.samplesPerPrompt=4"] },
        {
            SignalRuns.Gradient, s_teacher, Reward + """
            , "stabilizers": [{"kind": "ratio-magnitude", "warmupSteps": 3, "decaySteps": 5}, {"kind": "confidence"}, {"kind": "prefix-release"}, {"kind": "margin-shift"}, {"kind": "prefix-weight"},
            {"kind": "step-weight"}, {"kind": "soft-clamp", "max": 5}, {"kind": "normalize-weights"}]
            """, ["rollout.samplesPerPrompt=2"]
        },
        {
            SignalRuns.Divergence, s_unified, """
            , "stabilizers": [{"kind": "clip-divergence", "max": 10}, {"kind": "agreement"}, {"kind": "normalize-weights"}, {"kind": "contrastive"}, {"kind": "feature-match"}]
            """, []
        },
        { SignalRuns.Divergence, s_teacher, """, "offPolicy": {"paired": true, "means": "apart", "balance": {"over": 0.8}}""", [] },
        { """{"kind": "divergence", "divergence": "skew-reverse-kl"}""", s_teacher, """, "offPolicy": {"paired": true, "objective": {"kind": "divergence", "divergence": "skew-forward-kl"}}, "stabilizers": [{"kind": "adaptive-skew"}]""", ["optimizer.microBatch=3"] },
        { SignalRuns.Divergence, s_teacher, """, "stabilizers": [{"kind": "token-selection", "share": 0.3, "by": "overconfident", "over": "step"}, {"kind": "entropy-gated-forward-kl", "threshold": 0.1, "annealSteps": 4, "annealing": "cosine"}]""", ["optimizer.microBatch=3"] },
        { SignalRuns.Gradient, s_teacher, """, "pretraining": {"data": "corpus.txt", "tokens": 12}""", ["objective.teacherMix=0.2"] },
    };

    [Theory]
    [MemberData(nameof(SignalRunTests.Signals), MemberType = typeof(SignalRunTests))]
    public void Every_signal_goes_on_where_it_was(string objective, string signal, string more) => GoesOn(objective, signal, more, ["rollout.samplesPerPrompt=2"]);

    [Theory]
    [MemberData(nameof(Stabilized))]
    public void Stabilizers_and_averages_go_on_where_they_were(string objective, string signal, string more, string[] overrides) => GoesOn(objective, signal, more, overrides);

    private static void GoesOn(string objective, string signal, string more, string[] overrides)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("mine.json"), """{"title": "t", "source": "s", "stages": [{"name": "plan", "prompt": "{prompt}"}], "final": ["{plan}{prompt}{hint}"]}""");
        File.WriteAllText(folder.File("corpus.txt"), "the text that the student was made from, more or less, which it is not to forget");
        string recipe = SignalRuns.Recipe(folder, objective, signal, steps: 5, more: more);
        string whole = SignalRuns.Run(recipe, folder.File("whole"), overrides).Folder, parts = folder.File("parts");
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe, overrides), parts, TimeProvider.System))
        {
            foreach (StepReport report in session.Run(CancellationToken.None))
                if (report.Step == 3) session.RequestStop(StopKind.Pause);
        }
        using (DistillationSession session = DistillationSession.Resume(parts, ChangedInputs.Refuse, TimeProvider.System))
            foreach (StepReport _ in session.Run(CancellationToken.None)) { }
        RunFiles.AssertSame(whole, parts);
    }
}
