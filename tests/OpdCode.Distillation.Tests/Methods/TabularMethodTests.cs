using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Distillation.Tests.Stabilizers;
using OpdCode.Recipes;
using OpdCode.Recipes.Methods;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Methods;

/// <summary>Every preset on the tabular model: its published formula by enumeration, descent, and the universal invariants (methods B, D2).</summary>
public sealed class TabularMethodTests
{
    /// <summary>All presets but the one of pairs, which <see cref="PairMethodTests"/> enumerates.</summary>
    public static TheoryData<string> Names => [.. MethodPresets.All.Select(m => m.Name).Where(n => n != "pbsd")];

    /// <summary>Those with a judge.</summary>
    public static TheoryData<string> Judged => [.. MethodPresets.All.Select(m => m.Name).Where(n => n is not ("pbsd" or "supervised"))];

    [Theory, MemberData(nameof(Names))]
    public void The_expected_gradient_of_a_preset_is_that_of_its_published_formula(string name)
    {
        var scene = new TabularScene();
        PlainMethods plain = new(scene);
        double[] gradient = scene.Gradient(Recipe(name));
        ToyRows.Close(TabularGradientTests.CentralDifferences(now => plain.Value(name, now)), gradient, 1e-8);
        Assert.Contains(gradient, g => Math.Abs(g) > 1e-3);
    }

    [Theory, MemberData(nameof(Names))] // methods B D2 (vii): one small step lowers the enumerated objective, and brings nearer what the method is for
    public void One_small_step_descends(string name)
    {
        var scene = new TabularScene();
        PlainMethods plain = new(scene);
        TabularModel after = scene.Stepped(scene.Gradient(Recipe(name)), 1e-2);
        Assert.True(plain.Value(name, after) < plain.Value(name, scene.Student), "the objective fell");
        Assert.True(plain.Purpose(name, after) < plain.Purpose(name, scene.Student), "what it is for came nearer");
    }

    [Theory, MemberData(nameof(Judged))] // (i): a judge that is the student teaches nothing; what is left of methods with an outcome is the outcome
    public void A_judge_that_agrees_teaches_nothing(string name)
    {
        TabularModel student = TabularModel.Seeded(1);
        var scene = new TabularScene { Student = student, Teacher = student, Base = student, Contrast = student, Auxiliary = [student, student, student] };
        Recipe recipe = Recipe(name);
        using DisposeScope scope = torch.NewDisposeScope();
        (TokenRows rows, ObjectiveResult result, double[] gradient) = TabularScene.Run(recipe, scene.Rows(recipe));
        if (recipe.Objective is GroupRewardObjectiveRecipe)
        {
            // The likelihood ratio weighs every token 1: plain policy gradient on the reward, times the gate where there is one.
            if (rows.Stages.SingleOrDefault(s => s.Name == "ratio-magnitude") is { } magnitude) ToyRows.Close(ToyRows.Doubles(magnitude.Before_N), ToyRows.Doubles(magnitude.After_N), 1e-12);
            return;
        }
        double[] rewards = ToyRows.Doubles(rows.Rewards_B!);
        if (result.Signals.Advantage_N is { } advantage_N) // Uni-OPD: half of δ up or down, the pure outcome
            Assert.All(ToyRows.Doubles(advantage_N).Select((a, n) => (a, n)), p => Assert.Equal(name == "uni-opd" ? .2 * (2 * rewards[p.n / 3] - 1) : 0, p.a, 1e-12));
        if (name == "uni-opd") return;
        if (name == "unisd-star")
        {
            // Where both contexts agree the contrastive term is its margin, and stands on its kink: what is left without it is nothing.
            Assert.Equal(375 * .01 * .1, result.Loss.ToDouble(), 1e-10);
            (_, result, gradient) = TabularScene.Run(TabularScene.With<ContrastiveRecipe>(recipe, s => s with { Coefficient = 0 }), scene.Rows(recipe));
        }
        Assert.All(gradient, g => Assert.Equal(0, g, 1e-12));
        Assert.Equal(0, result.Loss.ToDouble(), 1e-10);
    }

    [Theory, MemberData(nameof(Judged))] // (ii)
    public void The_judge_gets_no_gradient_and_nothing_shown_carries_one(string name)
    {
        Recipe recipe = Recipe(name);
        using DisposeScope scope = torch.NewDisposeScope();
        TokenRows plain = new TabularScene().Rows(recipe);
        TokenRows rows = plain with { TeacherHidden_NM = plain.TeacherHidden_NM!.requires_grad_(), BaseLogprobs_N = plain.BaseLogprobs_N?.requires_grad_(), ContextLogprobs_NK = plain.ContextLogprobs_NK?.requires_grad_(), ContrastLogprobs_N = plain.ContrastLogprobs_N?.requires_grad_() };
        (TokenRows after, ObjectiveResult result, _) = TabularScene.Run(recipe, rows);
        foreach (torch.Tensor? judged in new[] { rows.TeacherHidden_NM, rows.BaseLogprobs_N, rows.ContextLogprobs_NK, rows.ContrastLogprobs_N }) Assert.Null(judged?.grad);
        Assert.False(after.Weights_N.requires_grad);
        foreach (System.Reflection.PropertyInfo signal in typeof(TokenSignals).GetProperties())
            if (signal.GetValue(result.Signals) is torch.Tensor tensor) Assert.False(tensor.requires_grad, signal.Name);
    }

    [Theory, MemberData(nameof(Names))] // (iii)
    public void Masked_tokens_change_nothing_whatever_they_hold(string name)
    {
        if (name == "minillm") return; // a return counts every token of the response: rows are trained positions
        Recipe recipe = Recipe(name);
        using DisposeScope scope = torch.NewDisposeScope();
        TokenRows rows = new TabularScene().Rows(recipe), other = new TabularScene { Student = TabularModel.Seeded(8), Teacher = TabularModel.Seeded(9) }.Rows(recipe);
        torch.Tensor kept_N = torch.arange(rows.Weights_N.shape[0]).remainder(7).ne(2), kept_N1 = kept_N.unsqueeze(1);
        TokenRows masked = rows with { Weights_N = rows.Weights_N * kept_N.to(rows.Weights_N.dtype) };
        TokenRows mixed = masked with
        {
            StudentHidden_ND = torch.where(kept_N1, rows.StudentHidden_ND.detach(), other.StudentHidden_ND.detach()).requires_grad_(),
            TeacherHidden_NM = rows.TeacherHidden_NM is null ? null : torch.where(kept_N1, rows.TeacherHidden_NM, other.TeacherHidden_NM!),
            SamplerLogprobs_N = rows.SamplerLogprobs_N is null ? null : torch.where(kept_N, rows.SamplerLogprobs_N, other.SamplerLogprobs_N!),
        };
        (_, ObjectiveResult one, double[] gradient) = TabularScene.Run(recipe, masked);
        (_, ObjectiveResult two, double[] same) = TabularScene.Run(recipe, mixed);
        Assert.Equal(one.Loss.ToDouble(), two.Loss.ToDouble(), 1e-10);
        ToyRows.Close(gradient, same, 1e-12);
        Assert.All(gradient[10..15], g => Assert.Equal(0, g));
    }

    [Theory, MemberData(nameof(Names))] // (iv)
    public void The_order_of_responses_does_not_matter(string name)
    {
        Recipe recipe = Recipe(name);
        using DisposeScope scope = torch.NewDisposeScope();
        TokenRows rows = new TabularScene().Rows(recipe);
        long[] order_B = [.. Enumerable.Range(0, (int)rows.Rewards_B!.shape[0]).OrderBy(b => (b * 37 + 11) % 1009).Select(b => (long)b)];
        torch.Tensor by_B = torch.tensor(order_B), by_N = torch.tensor(order_B.SelectMany(b => new[] { 3 * b, 3 * b + 1, 3 * b + 2 }).ToArray());
        torch.Tensor? Moved(torch.Tensor? x_N) => x_N?.detach().index_select(0, by_N);
        TokenRows shuffled = rows with
        {
            StudentHidden_ND = Moved(rows.StudentHidden_ND)!.requires_grad_(), TeacherHidden_NM = Moved(rows.TeacherHidden_NM), SampledIds_N = Moved(rows.SampledIds_N)!, SamplerLogprobs_N = Moved(rows.SamplerLogprobs_N),
            IsGiven_N = Moved(rows.IsGiven_N), BaseLogprobs_N = Moved(rows.BaseLogprobs_N), ContextLogprobs_NK = Moved(rows.ContextLogprobs_NK), ContrastLogprobs_N = Moved(rows.ContrastLogprobs_N), Rewards_B = rows.Rewards_B!.index_select(0, by_B),
        };
        (_, ObjectiveResult one, double[] gradient) = TabularScene.Run(recipe, rows);
        (_, ObjectiveResult two, double[] moved) = TabularScene.Run(recipe, shuffled);
        Assert.Equal(one.Loss.ToDouble(), two.Loss.ToDouble(), 1e-9);
        ToyRows.Close(order_B.SelectMany(b => gradient[(15 * (int)b)..(15 * (int)b + 15)]).ToArray(), moved, 1e-11);
    }

    [Theory, MemberData(nameof(Names))] // (v), and methods A 12: every stage with its neutral setting is left out bit for bit
    public void Every_neutral_stage_is_a_bit_exact_identity(string name)
    {
        Recipe recipe = Recipe(name);
        (double loss, double[] gradient) = Result(recipe);
        int fitting = 0;
        foreach (StabilizerRecipe neutral in StabilizerRows.Neutral)
        {
            if (StabilizerFit.Problem(recipe.Objective, [.. recipe.Stabilizers, neutral]) is not null) continue;
            if (neutral is ClipDivergenceRecipe && recipe.OffPolicy?.Objective is SupervisedObjectiveRecipe) continue; // given text has no divergence to clip: refused when the recipe is read
            fitting++;
            (double with, double[] same) = Result(recipe with { Stabilizers = [.. recipe.Stabilizers, neutral] });
            Assert.True(loss == with && gradient.AsSpan().SequenceEqual(same), $"{neutral} changed {name}");
        }
        Assert.True(fitting >= 10 || recipe.Objective is SupervisedObjectiveRecipe);
    }

    [Theory, MemberData(nameof(Names))] // (vi): fresh text has ratio 1, importance 1, and no clip acts
    public void On_fresh_text_clip_and_importance_change_nothing(string name)
    {
        Recipe recipe = Recipe(name);
        (double loss, double[] gradient) = Result(recipe);
        RatioClipRecipe clip = new() { Low = 1e-3, High = 1e-3 };
        ImportanceRecipe importance = new() { Mode = ImportanceMode.Mask, Min = .999, Max = 1.001 };
        ObjectiveRecipe? bounded = recipe.Objective switch
        {
            PolicyGradientObjectiveRecipe { Importance: null, TeacherMix: 0 } gradients => gradients with { Clip = clip, Importance = importance },
            PolicyGradientObjectiveRecipe gradients => gradients with { Clip = clip }, // its importance compares something else, or the mixture wrote
            GroupRewardObjectiveRecipe rewards => rewards with { Clip = clip, Importance = importance },
            _ => null, // no ratio in it
        };
        if (bounded is null) return;
        (double again, double[] same) = Result(recipe with { Objective = bounded });
        Assert.Equal(loss, again, 1e-10);
        ToyRows.Close(gradient, same, 1e-12);
    }

    [Fact] // (viii): what is logged of samples estimates what is enumerated
    public void Sampled_log_ratios_are_within_three_deviations_of_the_enumerated_kl()
    {
        var scene = new TabularScene();
        Random random = new(3);
        double Draw() => Enumerable.Range(0, 3).Aggregate((Sum: 0.0, Context: 0, Before: 0), (at, t) =>
        {
            double[] s = scene.Student.Probabilities(at.Context);
            double u = random.NextDouble();
            int v = 0;
            while (v < TabularModel.V - 1 && (u -= s[v]) > 0) v++;
            return (at.Sum + Math.Log(s[v] / scene.Teacher.Probabilities(at.Context)[v]), t == 0 ? 1 + v : 1 + TabularModel.V + at.Before * TabularModel.V + v, v);
        }).Sum;
        double[] drawn = [.. Enumerable.Range(0, 20_000).Select(_ => Draw())];
        double mean = drawn.Average(), deviation = Math.Sqrt(drawn.Sum(d => (d - mean) * (d - mean)) / (drawn.Length - 1) / drawn.Length);
        // Σ of KL at visited states is the KL of whole responses (chain rule), and the loss of the preset is that sum.
        Recipe recipe = Recipe("gkd-reverse-kl");
        using DisposeScope scope = torch.NewDisposeScope();
        double[] divergence = ToyRows.Doubles(TabularScene.Run(recipe, scene.Rows(recipe)).Result.Signals.Divergence_N!);
        double shown = divergence.Select((d, n) => d * scene.Student.Probability(TabularScene.Responses[n / 3])).Sum();
        Assert.Equal(TabularScene.Responses.Sum(y => scene.Student.Probability(y) * Math.Log(scene.Student.Probability(y) / scene.Teacher.Probability(y))), shown, 1e-12);
        Assert.InRange(shown, mean - 3 * deviation, mean + 3 * deviation);
    }

    [Fact] // methods A 2: gamma = 0 is RLSD's magnitude alone, W = 0 is EGRSD, eps = 0 is the reward times the gate, A = 0 is no gradient
    public void The_family_of_egrsd_hangs_together()
    {
        var scene = new TabularScene();
        double[] egrsd = scene.Gradient(Recipe("egrsd"));
        Assert.Equal(egrsd, scene.Gradient(TabularScene.With<EntropyGateRecipe>(Recipe("cl-egrsd"), s => s with { Lookahead = 0 })));
        Assert.NotEqual(egrsd, scene.Gradient(Recipe("cl-egrsd")));
        Recipe ungated = TabularScene.With<EntropyGateRecipe>(Recipe("egrsd"), s => s with { Gamma = 0 });
        Assert.Equal(scene.Gradient(ungated with { Stabilizers = [.. ungated.Stabilizers.Take(2)] }), scene.Gradient(ungated));
        // RLSD with mix 1 differs from it by the whitening alone: the same direction, another size.
        double[] rlsd = scene.Gradient(TabularScene.With<RatioMagnitudeRecipe>(Recipe("rlsd") with { Objective = ungated.Objective }, s => s with { Mix = 1 })), plain = scene.Gradient(ungated);
        double scale = plain[0] / rlsd[0];
        ToyRows.Close(rlsd.Select(g => g * scale).ToArray(), plain, 1e-9);
        PlainMethods formula = new(scene);
        ToyRows.Close(TabularGradientTests.CentralDifferences(now => formula.Value("egrsd, epsilon 0", now)), scene.Gradient(TabularScene.With<RatioMagnitudeRecipe>(Recipe("egrsd"), s => s with { Epsilon = 0 })), 1e-8);
        foreach (string name in new[] { "rlsd", "egrsd", "cl-egrsd" })
        {
            using DisposeScope scope = torch.NewDisposeScope();
            Recipe recipe = Recipe(name);
            Assert.All(TabularScene.Run(recipe, scene.Rows(recipe) with { Rewards_B = torch.ones(125, torch.float64) }).Gradient_NV, g => Assert.Equal(0, g));
        }
    }

    [Fact] // methods A 8: the denominator is the count of tokens, so twice the weights is twice the loss; with equal weights it is plain reverse KL
    public void Gui_sd_divides_by_tokens_not_by_weights()
    {
        (double loss, double[] gradient) = Result(Recipe("gui-sd"));
        Recipe recipe = Recipe("gui-sd");
        using DisposeScope scope = torch.NewDisposeScope();
        TokenRows rows = new TabularScene().Rows(recipe);
        (_, ObjectiveResult twice, double[] doubled) = TabularScene.Run(recipe, rows with { Weights_N = rows.Weights_N * 2 });
        Assert.Equal(2 * loss, twice.Loss.ToDouble(), 1e-10);
        ToyRows.Close(gradient.Select(g => 2 * g).ToArray(), doubled, 1e-13);
        Assert.Equal(Result(Recipe("gkd-reverse-kl")).Loss, Result(TabularScene.With<ConfidenceRecipe>(TabularScene.With<DigitPlaceRecipe>(recipe, s => s with { MaxDigits = 1, OtherWeight = 1 }), s => s with { Mix = 0 })).Loss);
        // The other denominator, a weighted mean, is a stage: then a common factor cancels.
        Recipe weighted = recipe with { Stabilizers = [.. recipe.Stabilizers, new NormalizeWeightsRecipe { Over = "step" }] };
        (_, ObjectiveResult mean, _) = TabularScene.Run(weighted, rows with { Normalizer = 375, StudentHidden_ND = rows.StudentHidden_ND.detach().requires_grad_() });
        (_, ObjectiveResult same, _) = TabularScene.Run(weighted, rows with { Normalizer = 375, Weights_N = rows.Weights_N * 2, StudentHidden_ND = rows.StudentHidden_ND.detach().requires_grad_() });
        Assert.Equal(mean.Loss.ToDouble(), same.Loss.ToDouble(), 1e-12);
    }

    [Fact] // methods A 9: released tokens have no gradient at all; with mass "mask" the loss is the mean over the prefix; all kept is plain distillation
    public void A_released_suffix_has_no_gradient_and_the_prefix_is_its_own_mean()
    {
        Recipe recipe = Recipe("prefix-teach");
        using DisposeScope scope = torch.NewDisposeScope();
        (TokenRows rows, ObjectiveResult result, double[] gradient) = TabularScene.Run(recipe, new TabularScene().Rows(recipe));
        double[] weights = ToyRows.Doubles(rows.Weights_N), loss = ToyRows.Doubles(result.Signals.Loss_N), plain = ToyRows.Doubles(TabularScene.Run(Recipe("thinking-machines-opd"), new TabularScene().Rows(recipe)).Result.Signals.Loss_N);
        int cut = 0;
        for (int b = 0; b < 125; b++)
        {
            int[] kept = [.. Enumerable.Range(3 * b, 3).Where(n => weights[n] > 0)], released = [.. Enumerable.Range(3 * b, 3).Except(kept)];
            cut += released.Length;
            Assert.All(released, n => Assert.All(gradient[(5 * n)..(5 * n + 5)], g => Assert.Equal(0, g)));
            Assert.Equal(kept.Average(n => plain[n]), Enumerable.Range(3 * b, 3).Average(n => loss[n]), 1e-12);
        }
        Assert.InRange(cut, 1, 250);
        Assert.Equal(Result(Recipe("thinking-machines-opd")).Gradient, Result(TabularScene.Preset("prefix-teach")).Gradient);
    }

    private static Recipe Recipe(string name) => TabularScene.Recipe(name);

    private static (double Loss, double[] Gradient) Result(Recipe recipe)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        (_, ObjectiveResult result, double[] gradient) = TabularScene.Run(recipe, new TabularScene().Rows(recipe));
        return (result.Loss.ToDouble(), gradient);
    }
}
