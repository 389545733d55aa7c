using System.Text.Json.Nodes;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Signals;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Models.Decoding;
using OpdCode.Models.Generation;
using OpdCode.Models.Native;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Methods;

/// <summary>
/// One optimizer step of a recipe on a transformer of two layers and 904 weights, in float64: fixed rollouts of three prompts,
/// a judge, a base and contexts that are transformers too. What the recipe holds fixed in a step (texts, judgements,
/// weights and shifts of stabilizers, advantages) is computed once, at the weights that the step began with.
/// </summary>
internal sealed class TransformerScene : IDisposable
{
    private const int Vocabulary = 12;

    private static readonly string[] s_texts = ["1", "2", "7", ".", ",", "a", "b", "c", " ", "\n", "x", "y"];

    private readonly DisposeScope _scope;
    private readonly Recipe _recipe;
    private readonly Decoder _judge, _base, _auxiliary, _contrast;
    private readonly SequenceBatch _batch;
    private readonly IObjective _objective;
    private readonly TokenRows _shaped;
    private readonly torch.Tensor _started_P;

    /// <summary>Prepares the step: rows, then stabilizers, as the training loop does.</summary>
    /// <param name="recipe">The preset.</param>
    /// <param name="balance">β of the step.</param>
    /// <param name="objective">Another objective in the place of the recipe's.</param>
    public TransformerScene(Recipe recipe, double balance = 1, IObjective? objective = null)
    {
        TorchRuntime.EnsureLoaded();
        _scope = torch.NewDisposeScope();
        _recipe = recipe;
        Student = Model(1, 8);
        Student.Trained.EnableTraining();
        // A self that judges is the student as it was; a teacher is another model, of another width.
        _judge = recipe.Signal is SelfSignalRecipe ? Model(1, 8) : Model(2, 12);
        (_base, _auxiliary, _contrast) = (Model(3, 8), Model(4, 8), Model(5, 8));
        _batch = SequenceBatch.Create(Rollouts(recipe), torch.CPU);
        StabilizerPipeline pipeline = StabilizerFactory.Create(recipe.Stabilizers, recipe.Objective, recipe.Seed);
        _objective = objective ?? pipeline.WithTerms(ObjectiveFactory.Create(recipe));
        TokenRows rows = Judged(Rows(balance));
        _shaped = pipeline.Apply(rows, pipeline.Measure(rows, _objective, Places()), new StepContext(1, pipeline.Seed, _objective));
        _started_P = Student.Trained.Values_P.detach().clone();
    }

    /// <summary>The model in training.</summary>
    public Decoder Student { get; }

    /// <summary>What each token counts after the stabilizers.</summary>
    public torch.Tensor Weights_N => _shaped.Weights_N;

    /// <summary>The gradient of the step on all weights, as the training loop gets it.</summary>
    public torch.Tensor Gradient_P()
    {
        Student.Trained.ZeroGradients();
        _objective.Evaluate(_shaped).Loss.backward();
        return Student.Trained.Gradients_P!;
    }

    /// <summary>
    /// (L(θ + h·u) − L(θ − h·u)) / 2h. L has everything of the step that is without gradient at its value for θ: rows keep their
    /// judgements, weights and shifts; log S_old is given, so that advantages and importance weights are those of θ and what
    /// is left is the surrogate −(S/S_old)·A; a mixture that the recipe detaches becomes the judge's distribution of <see cref="Held"/>.
    /// </summary>
    public double Slope(torch.Tensor direction_P, double h)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        (IObjective objective, TokenRows rows) = Held();
        double Loss(double step)
        {
            using var none = torch.no_grad();
            Student.Trained.Values_P.copy_(_started_P).add_(direction_P, step);
            return objective.Evaluate(rows with { StudentHidden_ND = _batch.HiddenRows(Student), StudentHead_VD = Student.Head_VD }).Loss.ToDouble();
        }
        double slope = (Loss(h) - Loss(-h)) / (2 * h);
        Loss(0); // back to where the step began
        return slope;
    }

    private (IObjective Objective, TokenRows Rows) Held()
    {
        using var none = torch.no_grad();
        torch.Tensor student_NV = LogProbabilities(Student, _batch);
        TokenRows rows = _shaped with { OldLogprobs_N = student_NV.gather(1, _batch.SampledIds_N.unsqueeze(1)).squeeze(1) };
        if (_recipe.Objective is not DivergenceObjectiveRecipe { Divergence: "skew-reverse-kl", DetachMixture: true, Alpha: { } alpha } skew) return (_objective, rows);
        // KL(S‖M) with M = (1 − α)·T + α·S held: reverse KL (skew 0) to a judge whose distribution is M; given text keeps T.
        torch.Tensor judge_NV = LogProbabilities(_judge, _batch);
        torch.Tensor mixture_NV = (judge_NV.exp() * (1 - alpha) + student_NV.exp() * alpha).log();
        torch.Tensor isGiven_N1 = (_batch.IsGiven_N ?? torch.zeros_like(_batch.SampledIds_N, torch.@bool)).unsqueeze(1);
        OffPolicyRecipe off = _recipe.OffPolicy! with { Objective = _recipe.OffPolicy!.Objective ?? skew };
        return (ObjectiveFactory.Create(_recipe with { Objective = skew with { Alpha = 0 }, OffPolicy = off }), rows with { TeacherHidden_NM = torch.where(isGiven_N1, judge_NV, mixture_NV), TeacherHead_WM = null });
    }

    // As DistillationLoop makes them.
    private TokenRows Rows(double balance)
    {
        IReadOnlyList<Rollout> rollouts = _batch.Rollouts;
        return new TokenRows
        {
            StudentHidden_ND = _batch.HiddenRows(Student),
            StudentHead_VD = Student.Head_VD,
            VocabularySize = Vocabulary,
            SampledIds_N = _batch.SampledIds_N,
            SamplerLogprobs_N = _batch.SamplerLogprobs_N,
            Sequence_N = _batch.Sequence_N,
            Weights_N = torch.ones(_batch.Rows_N.shape[0]),
            Normalizer = _batch.Rows_N.shape[0],
            SequenceNormalizer = rollouts.Count,
            Rewards_B = _batch.Rewards_B,
            Groups_B = _batch.Groups_B,
            IsGiven_N = _batch.IsGiven_N,
            GivenNormalizer = rollouts.Where(r => r.IsGiven).Sum(r => r.ResponseIds.Length),
            GivenSequences = rollouts.Count(r => r.IsGiven),
            Balance = balance,
            GroupNormalizer = rollouts.Select(r => r.Group).Distinct().Count(),
        };
    }

    private TokenRows Judged(TokenRows rows)
    {
        using var none = torch.no_grad();
        SequenceBatch seen = SequenceBatch.Create([.. _batch.Rollouts.Select(r => r with { PromptIds = r.JudgePromptIds ?? r.PromptIds })], torch.CPU);
        double lambda = _recipe.Signal?.Extrapolation?.Lambda ?? 1;
        return rows with
        {
            TeacherHidden_NM = _recipe.Objective is SupervisedObjectiveRecipe ? null : seen.HiddenRows(_judge),
            TeacherHead_WM = _recipe.Objective is SupervisedObjectiveRecipe ? null : _judge.Head_VD.detach(),
            BaseLogprobs_N = lambda == 1 ? null : Sampled_N(_base, _batch),
            TargetLambda = lambda,
            ContextLogprobs_NK = _recipe.Signal?.Auxiliary.Count > 0 ? torch.stack([Sampled_N(_auxiliary, seen), Sampled_N(_base, seen)], 1) : null,
            ContrastLogprobs_N = _recipe.Signal?.Contrast is null ? null : Sampled_N(_contrast, seen),
        };
    }

    // Three prompts, two responses each; where the recipe has given text, the second of each is given.
    private List<Rollout> Rollouts(Recipe recipe)
    {
        (double own, double given) = TabularScene.Shares(recipe);
        bool isShown = recipe.Signal?.Context is not null;
        List<Rollout> rollouts = [];
        for (int b = 0; b < 6; b++)
        {
            var rollout = new Rollout
            {
                PromptIds = Ids(b / 2, 2 + b / 2), ResponseIds = Ids(10 + b, 3 + b % 3), Group = b / 2, Reward = b % 2,
                JudgePromptIds = isShown ? Ids(20 + b / 2, 4) : null,
                Writer = given > 0 && (own == 0 || b % 2 == 1) ? RolloutWriter.Data : RolloutWriter.Student,
            };
            using var none = torch.no_grad();
            SequenceBatch alone = SequenceBatch.Create([rollout], torch.CPU);
            torch.Tensor wrote_N = Sampled_N(Student, alone);
            if (recipe.Objective is PolicyGradientObjectiveRecipe { TeacherMix: > 0 and var share }) wrote_N = (Sampled_N(_judge, alone).exp() * share + wrote_N.exp() * (1 - share)).log();
            rollouts.Add(rollout.IsGiven ? rollout : rollout with { SamplerLogprobs = [.. wrote_N.data<double>().ToArray().Select(x => (float)x)] });
        }
        return rollouts;
    }

    private static int[] Ids(int stream, int count) => [.. Enumerable.Range(0, count).Select(t => (int)(CounterRandom.Bits(7, stream, t) % Vocabulary))];

    private static torch.Tensor Sampled_N(Decoder model, SequenceBatch batch) => HeadProbe.Logprobs_N(batch.HiddenRows(model), model.Head_VD.detach(), Vocabulary, batch.SampledIds_N);

    private static torch.Tensor LogProbabilities(Decoder model, SequenceBatch batch) => torch.nn.functional.linear(batch.HiddenRows(model), model.Head_VD.detach()).log_softmax(1);

    // Every token is a sentence, so that a response has enough of them; each response is one turn.
    private ResponsePlaces Places() => new(
        () => [.. _batch.Rollouts.SelectMany(r => r.ResponseIds).Select(id => s_texts[id])],
        () => [.. _batch.Rollouts.SelectMany(r => Enumerable.Range(0, r.ResponseIds.Length))],
        () => new int[_batch.Rows_N.shape[0]]);

    // Weights large enough that attention and the feed-forward part matter.
    private static Decoder Model(long seed, int width)
    {
        var config = new DecoderConfig
        {
            ModelType = "llama", VocabularySize = Vocabulary, HiddenSize = width, IntermediateSize = width, Layers = 2, Heads = 2, KeyValueHeads = 1, HeadSize = 4, NormEpsilon = 1e-5, MaxPositions = 32,
            Rope = new RopeConfig { Theta = 10000 }, TieEmbeddings = true, Windows = [0, 0], Source = new JsonObject(),
        };
        var model = new Decoder(config, torch.CPU, torch.ScalarType.Float64);
        model.Initialize(seed);
        using var none = torch.no_grad();
        using torch.Tensor matrices = model.Weights.Values_P.narrow(0, 0, model.Weights.DecayedCount), same = matrices.mul_(25);
        return model;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Decoder model in new[] { Student, _judge, _base, _auxiliary, _contrast }) model.Dispose();
        _scope.Dispose();
    }
}
