using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Models.Native;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives.Sampled;

/// <summary>A sampler whose probabilities are off by rounding, with every token of a small vocabulary enumerated: expectations are exact.</summary>
public sealed class ImportanceWeightsTests
{
    private static readonly double[] s_trainer = Softmax([1.0, 0.4, -0.3, 0.1, -1.2]);
    private static readonly double[] s_teacher = Softmax([2.0, -0.5, 0.3, -0.4, -1.0]);

    public ImportanceWeightsTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData(0.01)] // half precision rounds logits of ten by about this much
    [InlineData(0.1)]
    public void The_bias_of_a_rounding_sampler_disappears(double noise)
    {
        double[] sampler = Noisy(noise);
        double wanted = Expectation(s_trainer, Enumerable.Repeat(1.0, 5).ToArray());
        double plain = Expectation(sampler, Enumerable.Repeat(1.0, 5).ToArray());
        double corrected = Expectation(sampler, Weights(sampler, new ImportanceRecipe { Max = 2 }));
        Assert.True(Math.Abs(plain - wanted) > 1e-4, $"the noise must show: {plain} against {wanted}");
        Assert.Equal(wanted, corrected, 1e-12);
    }

    [Fact]
    public void A_bound_that_binds_trades_bias_for_variance_and_still_helps()
    {
        double[] sampler = Noisy(1.5);
        double[] weights = Weights(sampler, new ImportanceRecipe { Max = 2 });
        Assert.Equal(2.0, weights.Max(), 1e-12);
        double wanted = Expectation(s_trainer, Enumerable.Repeat(1.0, 5).ToArray());
        double plain = Expectation(sampler, Enumerable.Repeat(1.0, 5).ToArray());
        double corrected = Expectation(sampler, weights);
        Assert.True(Math.Abs(corrected - wanted) < 0.8 * Math.Abs(plain - wanted), $"{corrected} and {plain} against {wanted}");
        Assert.NotEqual(wanted, corrected, 1e-6);
    }

    // E[f] of the log-ratio to the teacher, which is what the policy gradient weighs tokens with.
    private static double Expectation(double[] sampler, double[] weights) =>
        Enumerable.Range(0, 5).Sum(y => sampler[y] * weights[y] * (Math.Log(s_teacher[y]) - Math.Log(s_trainer[y])));

    private static double[] Weights(double[] sampler, ImportanceRecipe recipe)
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor old_N = torch.tensor(s_trainer.Select(p => Math.Log(p)).ToArray());
        var rows = new TokenRows
        {
            StudentHidden_ND = torch.zeros(5, 5, torch.float64), StudentHead_VD = null, VocabularySize = 5, SampledIds_N = torch.arange(5, torch.int64),
            Weights_N = torch.ones(5), Sequence_N = torch.arange(5, torch.int64), Normalizer = 5,
            SamplerLogprobs_N = torch.tensor(sampler.Select(p => Math.Log(p)).ToArray()),
        };
        return ImportanceWeights.Of(recipe, old_N, rows)!.data<double>().ToArray();
    }

    private static double[] Noisy(double size) => Softmax(s_trainer.Select((p, i) => Math.Log(p) + size * new[] { 1.0, -0.7, 0.2, 0.9, -1.1 }[i]).ToArray());

    private static double[] Softmax(double[] x) => x.Select(v => Math.Exp(v) / x.Sum(w => Math.Exp(w))).ToArray();
}
