using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Models.Decoding;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Training;

/// <summary>EffOPD (methods A, section 10).</summary>
public sealed class WeightExtrapolationTests
{
    [Fact]
    public void It_is_tried_after_powers_of_two() =>
        Assert.Equal([1, 2, 4, 8, 16, 32, 64], Enumerable.Range(0, 100).Where(WeightExtrapolation.IsDue));

    [Theory]
    [InlineData(CandidateAcceptance.Greater, 9, 4, 6)]
    [InlineData(CandidateAcceptance.GreaterOrEqual, 11, 5, 6)]
    public void The_toy_of_one_dimension_ends_where_the_rule_says(CandidateAcceptance accept, double expected, int accepted, int scored)
    {
        // Base 0, weight 1, optimum 10: candidates 3, 5, 7, 9, 11; 9 and 11 score the same.
        using var toy = new Toy(0);
        int calls = 0;
        using var extrapolation = new WeightExtrapolation(toy.Parameters, new ExtrapolateAccelerationRecipe { Accept = accept }, _ =>
        {
            calls++;
            return -Math.Abs(Math.Round(toy.Moved, 3) - 10);
        });
        toy.Set(1);
        IReadOnlyDictionary<string, double> result = extrapolation.Stepped(1, CancellationToken.None)!;
        Assert.Equal(expected, toy.Moved, 1e-5);
        Assert.Equal((accepted, scored), ((int)result["candidatesAccepted"], calls));
        Assert.Equal(1, toy.Still); // embeddings and norms stay
    }

    [Fact]
    public void Candidates_lie_at_weight_plus_2k_times_the_difference_and_the_next_difference_starts_where_it_ended()
    {
        using var toy = new Toy(0);
        List<double> seen = [];
        using var extrapolation = new WeightExtrapolation(toy.Parameters, new ExtrapolateAccelerationRecipe(), _ =>
        {
            seen.Add(toy.Moved);
            return seen.Count;
        });
        toy.Set(1);
        extrapolation.Stepped(1, CancellationToken.None);
        ClosePairs([1, 3, 5, 7, 9, 11], seen);
        seen.Clear();
        toy.Set(12);
        extrapolation.Stepped(2, CancellationToken.None); // Δ = 12 − 11
        ClosePairs([12, 14, 16, 18, 20, 22], seen);
        Assert.Null(extrapolation.Stepped(3, CancellationToken.None));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_refused_candidate_is_undone_bit_for_bit(double score)
    {
        using var toy = new Toy(0.1);
        int calls = 0;
        using var extrapolation = new WeightExtrapolation(toy.Parameters, new ExtrapolateAccelerationRecipe(), _ => calls++ == 0 ? 0 : score);
        toy.Set(0.7f / 3);
        using torch.Tensor before = toy.Parameters.Values_P.clone();
        extrapolation.Stepped(4, CancellationToken.None);
        Assert.True(Same(before, toy.Parameters.Values_P));
        Assert.Equal(2, calls);
    }

    [Fact] // methods A 10: optimizer state and everything but attention and MLP matrices stay, bit for bit, even where candidates are accepted
    public void Moments_embeddings_and_norms_are_untouched()
    {
        using var toy = new Toy(0);
        toy.Parameters.EnableTraining();
        using var optimizer = new AdamW(toy.Parameters, new OptimizerRecipe());
        using var extrapolation = new WeightExtrapolation(toy.Parameters, new ExtrapolateAccelerationRecipe(), _ => -toy.Moved);
        toy.Parameters.Gradients_P!.fill_(.5);
        optimizer.Step(.01, 1);
        using torch.Tensor first = optimizer.FirstMoment_P.clone(), second = optimizer.SecondMoment_P.clone();
        string[] moved = ["self_attn", "mlp"];
        Dictionary<string, torch.Tensor> still = toy.Parameters.Named.Where(p => p.Value.dim() < 2 || !moved.Any(m => p.Key.Contains(m, StringComparison.Ordinal))).ToDictionary(p => p.Key, p => p.Value.clone());
        double before = toy.Moved;
        Assert.Equal(5, extrapolation.Stepped(1, CancellationToken.None)!["candidatesAccepted"]);
        Assert.NotEqual(before, toy.Moved);
        Assert.True(Same(first, optimizer.FirstMoment_P) && Same(second, optimizer.SecondMoment_P));
        Assert.Contains("model.embed_tokens.weight", still.Keys);
        Assert.All(still, p => Assert.True(Same(p.Value, toy.Parameters.Named[p.Key]), p.Key));
    }

    [Fact]
    public void A_trial_that_is_cancelled_leaves_the_weights_of_the_step()
    {
        using var toy = new Toy(0);
        int calls = 0;
        using var extrapolation = new WeightExtrapolation(toy.Parameters, new ExtrapolateAccelerationRecipe(), _ => calls++ == 0 ? 0 : throw new OperationCanceledException());
        toy.Set(1);
        using torch.Tensor before = toy.Parameters.Values_P.clone();
        Assert.Throws<OperationCanceledException>(() => extrapolation.Stepped(1, CancellationToken.None));
        Assert.True(Same(before, toy.Parameters.Values_P));
    }

    [Fact]
    public void A_resumed_run_extrapolates_from_the_same_place()
    {
        using var toy = new Toy(0);
        using var first = new WeightExtrapolation(toy.Parameters, new ExtrapolateAccelerationRecipe { Candidates = 1 }, _ => toy.Moved);
        toy.Set(1);
        first.Stepped(1, CancellationToken.None);
        using MethodSnapshot snapshot = first.Capture();
        toy.Set(50);
        using var resumed = new WeightExtrapolation(toy.Parameters, new ExtrapolateAccelerationRecipe { Candidates = 1 }, _ => toy.Moved);
        resumed.Restore(snapshot);
        toy.Set(4);
        resumed.Stepped(2, CancellationToken.None);
        Assert.Equal(4 + 2 * (4 - 3), toy.Moved, 1e-5);
    }

    private static bool Same(torch.Tensor a, torch.Tensor b) => a.equal(b).all().ToBoolean();

    private static void ClosePairs(double[] expected, List<double> actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4);
    }

    // A model all of whose attention and MLP weights are one number; everything else stays 1.
    private sealed class Toy : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly LanguageModel _model;

        public Toy(double start)
        {
            _model = LanguageModel.Load(Write(_folder.File("student"), 1, hidden: 16, layers: 1), torch.CPU);
            _model.Decoder.Weights.Values_P.fill_(1);
            Set(start);
        }

        public ParameterBuffer Parameters => _model.Decoder.Weights;

        public double Moved => Parameters.Named["model.layers.0.self_attn.q_proj.weight"][0, 0].ToDouble();

        public double Still => Parameters.Named["model.embed_tokens.weight"][0, 0].ToDouble();

        public void Set(double value)
        {
            foreach ((string name, torch.Tensor weights) in Parameters.Named)
                if (weights.dim() == 2 && name.Contains(".layers.", StringComparison.Ordinal)) weights.fill_(value);
        }

        public void Dispose()
        {
            _model.Dispose();
            _folder.Dispose();
        }
    }
}
