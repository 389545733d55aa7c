using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Tests.Methods;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Distillation.Tests.Signals;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Stabilizers;

/// <summary>DistiLLM-2's α for every response (methods A, 11.4).</summary>
public sealed class AdaptiveSkewTests
{
    private static readonly DivergenceObjectiveRecipe s_reverse = new() { Divergence = "skew-reverse-kl", Alpha = .1, DetachMixture = true };

    [Theory] // by hand, α₀ = 0.1, m = 0.1: 1 − 0.09/(d + 1e-5) between 0.01 and 0.1; d = q̄ − p̄ on the student's text, p̄ − q̄ on given text
    [InlineData(.8, .5, false, .1)] // d = .3: .70 is above α₀
    [InlineData(.59, .5, false, .01)] // d = .09: 1e-4 is below the floor
    [InlineData(.595, .5, false, .0527313)] // d = .095: 1 − .09/.09501
    [InlineData(.5, .595, true, .0527313)] // the same on given text, the other way round
    [InlineData(.4, .5, false, .1)] // the judge finds it likelier: 1.9 is above α₀
    public void Each_response_has_the_skew_of_its_likelihoods(double student, double judge, bool isGiven, double expected)
    {
        // Two tokens whose mean log-probability is that of the wanted likelihood.
        double[] s = [Math.Log(student) - .3, Math.Log(student) + .3], t = [Math.Log(judge) - .2, Math.Log(judge) + .2];
        Assert.All(Skews(new AdaptiveSkewRecipe { Anchor = .1 }, s, t, [0, 0], isGiven ? [true, true] : null), a => Assert.Equal(expected, a, 1e-6));
    }

    [Fact]
    public void Without_an_anchor_the_first_step_measures_it_for_each_kind_of_text_and_the_state_keeps_it()
    {
        AdaptiveSkew First() => new(new AdaptiveSkewRecipe(), s_reverse, "stabilizer.adaptive-skew");
        double[] student = [Math.Log(.8), Math.Log(.6), Math.Log(.3), Math.Log(.2)], judge = [Math.Log(.6), Math.Log(.5), Math.Log(.5), Math.Log(.3)];
        AdaptiveSkew skew = First();
        Assert.Equal([.1, .1, .1, .1], Apply(skew, student, judge));
        // Own text: m = mean(.2, .1) = .15; given: mean(.2, .1) = .15. Then d = .155 and .145.
        Assert.Equal(.15, skew.Capture().Numbers["own"], 1e-12);
        Assert.Equal(.15, skew.Capture().Numbers["given"], 1e-12);
        double[] later = [Math.Log(.755), Math.Log(.645), Math.Log(.345), Math.Log(.155)], judged = [Math.Log(.6), Math.Log(.5), Math.Log(.5), Math.Log(.3)];
        double[] expected = [.. new[] { .155, .145, .155, .145 }.Select(d => Math.Clamp(1 - .9 * .15 / (d + 1e-5), .01, .1))];
        ToyRows.Close(expected, Apply(skew, later, judged), 1e-9);
        AdaptiveSkew resumed = First();
        resumed.Restore(new MethodSnapshot(new Dictionary<string, torch.Tensor>(), skew.Capture().Numbers));
        ToyRows.Close(expected, Apply(resumed, later, judged), 1e-9);
    }

    [Theory] // a skew given for every row is that skew: the row path against the one with a constant, value and gradient, and the mean of two skews is neither
    [InlineData("skew-forward-kl", false, .1)]
    [InlineData("skew-forward-kl", false, .7)]
    [InlineData("skew-reverse-kl", false, .1)]
    [InlineData("skew-reverse-kl", true, .3)]
    public void Rows_with_a_skew_of_their_own_are_those_of_an_objective_with_that_skew(string divergence, bool detach, double alpha)
    {
        double[][] student = ToyRows.Random(new Random(3), 4, 6), teacher = ToyRows.Random(new Random(4), 4, 6);
        foreach (SupportRecipe support in new SupportRecipe[] { new FullSupportRecipe(), new TopKSupportRecipe { K = 3 } })
        {
            using DisposeScope scope = torch.NewDisposeScope();
            IObjective Made(double a) => ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = divergence, DetachMixture = detach, Alpha = a, Support = support });
            (double constant, double[] gradient, _) = ToyRows.Run(Made(alpha), ToyRows.From(student, teacher));
            (double own, double[] same, _) = ToyRows.Run(Made(.05), ToyRows.From(student, teacher) with { Skew_N = torch.full(4, alpha, dtype: torch.ScalarType.Float64) });
            Assert.Equal(constant, own, 1e-12);
            ToyRows.Close(gradient, same, 1e-12);
            // Each row its own: the first as with alpha, the others as with 0.05.
            (_, double[] other, _) = ToyRows.Run(Made(.05), ToyRows.From(student, teacher));
            (_, double[] mixed, _) = ToyRows.Run(Made(.2), ToyRows.From(student, teacher) with { Skew_N = torch.tensor(new[] { alpha, .05, .05, .05 }) });
            ToyRows.Close([.. gradient[..6], .. other[6..]], mixed, 1e-12);
        }
    }

    [Fact] // float32 rows of a model take the fused path without a skew and the other one with it
    public void In_float32_it_is_the_same_number_up_to_rounding()
    {
        double[][] student = ToyRows.Random(new Random(5), 9, 40), teacher = ToyRows.Random(new Random(6), 9, 40);
        using DisposeScope scope = torch.NewDisposeScope();
        (double constant, double[] gradient, _) = ToyRows.Run(ObjectiveFactory.Create(s_reverse), ToyRows.From(student, teacher, type: torch.ScalarType.Float32));
        (double own, double[] same, _) = ToyRows.Run(ObjectiveFactory.Create(s_reverse), ToyRows.From(student, teacher, type: torch.ScalarType.Float32) with { Skew_N = torch.full(9, .1, dtype: torch.ScalarType.Float64) });
        Assert.Equal(constant, own, 1e-5);
        ToyRows.Close(gradient, same, 1e-6);
    }

    [Fact] // step 2 is the first in which it acts; given and own text are measured over all micro-batches of step 1
    public void Micro_batches_change_nothing()
    {
        using var folder = new ToyModels.TemporaryFolder();
        string recipe = ToyModels.WriteRecipe(folder, """{"kind": "divergence", "divergence": "skew-reverse-kl"}""", steps: 2,
            more: """, "offPolicy": {"paired": true, "objective": {"kind": "divergence", "divergence": "skew-forward-kl"}}, "stabilizers": [{"kind": "adaptive-skew"}]""");
        StepMetrics[] Run(string name, params string[] more) => SignalRuns.Steps(SignalRuns.Run(recipe, folder.File(name), ["optimizer.learningRate=0.0001", .. more]));
        StepMetrics[] whole = Run("whole"), split = Run("split", "optimizer.microBatch=3"), plain = Run("plain", "stabilizers=[]");
        foreach (string name in new[] { "loss", "gradientNorm" }) Assert.Equal(whole[1].Values[name], split[1].Values[name], 1e-4 * Math.Max(1, Math.Abs(whole[1].Values[name])));
        Assert.Equal(plain[0].Values["loss"], whole[0].Values["loss"], 1e-5);
        Assert.NotEqual(plain[1].Values["loss"], whole[1].Values["loss"], 1e-4);
    }

    [Fact]
    public void Recorded_rollouts_hold_the_skew_of_their_response()
    {
        using var folder = new ToyModels.TemporaryFolder();
        string recipe = ToyModels.WriteRecipe(folder, """{"kind": "divergence", "divergence": "skew-reverse-kl", "alpha": 0.5}""", steps: 2, more: """, "stabilizers": [{"kind": "adaptive-skew", "floor": 0.02}]""");
        RolloutRecord[] Recorded(string name, params string[] more) => [.. SignalRuns.Run(recipe, folder.File(name), ["record.every=1", "record.rollouts=8", .. more]).ReadRollouts(2)]; // step 1 measures and has the objective's alpha
        RolloutRecord[] rollouts = Recorded("run");
        Assert.All(rollouts, r => Assert.Equal(r.TokenIds.Length, r.Skew!.Length));
        Assert.All(rollouts, r => Assert.InRange(Assert.Single(r.Skew!.Distinct()), .02f, .5f));
        Assert.True(rollouts.Select(r => r.Skew![0]).Distinct().Count() > 1);
        Assert.All(Recorded("plain", "stabilizers=[]"), r => Assert.Null(r.Skew));
    }

    [Fact]
    public void It_is_refused_where_nothing_is_skewed() =>
        Assert.Contains("skew-forward-kl", StabilizerFit.Problem(new DivergenceObjectiveRecipe(), [new AdaptiveSkewRecipe()])!, StringComparison.Ordinal);

    [Fact]
    public void The_preset_takes_it_and_its_gradient_changes()
    {
        Recipe recipe = TabularScene.Recipe("distillm-2");
        var scene = new TabularScene();
        double[] with = scene.Gradient(recipe with { Stabilizers = [new AdaptiveSkewRecipe { Anchor = .05 }] });
        Assert.NotEqual(scene.Gradient(recipe), with);
        Assert.All(with, g => Assert.True(double.IsFinite(g)));
    }

    private static double[] Skews(AdaptiveSkewRecipe recipe, double[] student, double[] judge, long[] sequence, bool[]? isGiven) =>
        Skews(new AdaptiveSkew(recipe, s_reverse, "stabilizer.adaptive-skew"), student, judge, sequence, isGiven);

    // Four responses of one token, the last two given.
    private static double[] Apply(AdaptiveSkew skew, double[] student, double[] judge) => Skews(skew, student, judge, [0, 1, 2, 3], [false, false, true, true]);

    private static double[] Skews(AdaptiveSkew skew, double[] student, double[] judge, long[] sequence, bool[]? isGiven)
    {
        TokenRows rows = ToyRows.From([.. sequence.Select(_ => new double[2])], null) with
        {
            Sequence_N = torch.tensor(sequence), Rewards_B = torch.zeros(sequence.Distinct().Count()), IsGiven_N = isGiven is null ? null : torch.tensor(isGiven),
        };
        var statistics = new TokenStatistics { StudentLogprob_N = torch.tensor(student), TeacherLogprob_N = torch.tensor(judge) };
        return ToyRows.Doubles(skew.Apply(rows, statistics, new StepContext(1, 5, ObjectiveFactory.Create(s_reverse))).Skew_N!);
    }
}
