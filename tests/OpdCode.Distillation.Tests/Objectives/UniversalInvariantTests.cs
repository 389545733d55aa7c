using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>The universal invariants (methods B, D2) over all objectives: divergences, supports, estimators, rewards, pairs.</summary>
public sealed class UniversalInvariantTests
{
    private static readonly Dictionary<string, ObjectiveRecipe> s_recipes = AllRecipes();

    public static TheoryData<string> All => [.. s_recipes.Keys];

    public static TheoryData<string> Distilling => [.. s_recipes.Where(r => r.Value is DivergenceObjectiveRecipe or PolicyGradientObjectiveRecipe).Select(r => r.Key)];

    private static Dictionary<string, ObjectiveRecipe> AllRecipes()
    {
        Dictionary<string, ObjectiveRecipe> recipes = [];
        foreach (string name in DivergenceRegistry.Entries.Keys)
        {
            recipes[name] = new DivergenceObjectiveRecipe { Divergence = name, TopK = 3 };
            if (name == "entropy-aware") continue;
            foreach (SupportTail tail in new[] { SupportTail.Bucket, SupportTail.Renormalize })
                recipes[$"{name}, top 3, {tail}"] = new DivergenceObjectiveRecipe { Divergence = name, Support = new TopKSupportRecipe { K = 3, Tail = tail } };
        }
        recipes["by sequences"] = new DivergenceObjectiveRecipe { Normalize = LossNormalization.Sequences };
        recipes["sum"] = new DivergenceObjectiveRecipe { Normalize = LossNormalization.Sum };
        recipes["hot"] = new DivergenceObjectiveRecipe { Divergence = "jsd", StudentTemperature = 2, TeacherTemperature = 2, TemperatureSquared = true };
        recipes["k1"] = new PolicyGradientObjectiveRecipe { Clip = new() { Dual = 3 }, Importance = new() };
        recipes["k1, sequence masked"] = new PolicyGradientObjectiveRecipe { Importance = new() { Level = ImportanceLevel.Sequence, Mode = ImportanceMode.Mask } };
        recipes["k2"] = new PolicyGradientObjectiveRecipe { Estimator = "k2" };
        recipes["f:jsd"] = new PolicyGradientObjectiveRecipe { Estimator = "f:jsd" };
        recipes["discount 1"] = new PolicyGradientObjectiveRecipe { Discount = 1, LengthNormalize = true };
        recipes["single step"] = new PolicyGradientObjectiveRecipe { Discount = .9, SingleStep = true };
        recipes["supervised"] = new SupervisedObjectiveRecipe();
        foreach (string estimator in new[] { "grpo", "dr-grpo", "dapo" }) recipes[estimator] = new GroupRewardObjectiveRecipe { Estimator = estimator, MaxLength = 8, Distillation = new() };
        recipes["preference"] = new PreferenceObjectiveRecipe();
        return recipes;
    }

    [Theory, MemberData(nameof(Distilling))]
    public void Equal_models_give_no_loss_no_advantage_and_no_gradient(string name)
    {
        double[][] logits = ToyRows.Random(new Random(1), 6, 7);
        (double loss, double[] gradient, ObjectiveResult result) = ToyRows.Run(ObjectiveFactory.Create(s_recipes[name]), Batch(logits, logits));
        Assert.Equal(0, loss, 1e-12);
        Assert.All(gradient, g => Assert.Equal(0, g, 1e-12));
        if (result.Signals.Advantage_N is { } advantage) Assert.All(ToyRows.Doubles(advantage), a => Assert.Equal(0, a, 1e-12));
    }

    [Theory, MemberData(nameof(All))]
    public void The_teacher_gets_no_gradient_and_signals_carry_none(string name)
    {
        torch.Tensor teacher = ToyRows.Logits(ToyRows.Random(new Random(2), 6, 7)).requires_grad_();
        TokenRows rows = Batch(ToyRows.Random(new Random(3), 6, 7), null) with { TeacherHidden_NM = teacher };
        ObjectiveResult result = ToyRows.Run(ObjectiveFactory.Create(s_recipes[name]), rows).Result;
        Assert.Null(teacher.grad);
        foreach (System.Reflection.PropertyInfo signal in typeof(TokenSignals).GetProperties())
            if (signal.GetValue(result.Signals) is torch.Tensor tensor) Assert.False(tensor.requires_grad, signal.Name);
    }

    [Theory, MemberData(nameof(All))]
    public void A_row_of_weight_zero_changes_nothing_whatever_it_holds(string name)
    {
        if (s_recipes[name] is PolicyGradientObjectiveRecipe { Discount: > 0 } or GroupRewardObjectiveRecipe { Estimator: "grpo" } or DivergenceObjectiveRecipe { Normalize: LossNormalization.Sequences })
            return; // rows are trained positions: returns and lengths count all of them
        double[][] student = ToyRows.Random(new Random(4), 6, 7), teacher = ToyRows.Random(new Random(5), 6, 7);
        double[] weights = [1, 1, 0, 1, 0, 1];
        (double loss, double[] gradient, _) = ToyRows.Run(ObjectiveFactory.Create(s_recipes[name]), Batch(student, teacher, weights));
        double[][] other = ToyRows.Random(new Random(6), 6, 7);
        foreach (int n in new[] { 2, 4 }) (student[n], teacher[n]) = (other[n], other[5 - n]);
        (double again, double[] sameGradient, _) = ToyRows.Run(ObjectiveFactory.Create(s_recipes[name]), Batch(student, teacher, weights));
        Assert.Equal(loss, again, 1e-14);
        ToyRows.Close(gradient, sameGradient, 1e-14);
        Assert.All(gradient[14..21], g => Assert.Equal(0, g));
    }

    [Theory, MemberData(nameof(All))]
    public void The_loss_is_the_sum_of_what_is_shown_per_token(string name)
    {
        if (s_recipes[name] is DivergenceObjectiveRecipe { Normalize: not LossNormalization.Tokens } or GroupRewardObjectiveRecipe { Estimator: not "dapo" }) return;
        ObjectiveResult result = ToyRows.Run(ObjectiveFactory.Create(s_recipes[name]), Batch(ToyRows.Random(new Random(7), 6, 7), ToyRows.Random(new Random(8), 6, 7))).Result;
        double divisor = s_recipes[name] is PreferenceObjectiveRecipe ? 2 : 6;
        Assert.Equal(result.Signals.Loss_N.sum().ToDouble() / divisor, result.Loss.ToDouble(), 1e-12);
    }

    [Theory, MemberData(nameof(All))]
    public void Micro_batches_of_whole_groups_give_the_gradient_of_the_step(string name)
    {
        double[][] student = ToyRows.Random(new Random(9), 6, 7), teacher = ToyRows.Random(new Random(10), 6, 7);
        double[] whole = ToyRows.Run(ObjectiveFactory.Create(s_recipes[name]), Batch(student, teacher)).Gradient;
        TokenRows all = Batch(student, teacher);
        List<double> pieces = [];
        foreach ((int start, int count, int sequence) in new[] { (0, 3, 0), (3, 3, 2) })
        {
            TokenRows part = all with
            {
                StudentHidden_ND = ToyRows.Logits(student[start..(start + count)]).requires_grad_(),
                TeacherHidden_NM = all.TeacherHidden_NM!.narrow(0, start, count),
                SampledIds_N = all.SampledIds_N.narrow(0, start, count),
                Weights_N = all.Weights_N.narrow(0, start, count),
                SamplerLogprobs_N = all.SamplerLogprobs_N!.narrow(0, start, count),
                Sequence_N = all.Sequence_N.narrow(0, start, count) - sequence,
                Rewards_B = all.Rewards_B!.narrow(0, sequence, 2),
                Groups_B = all.Groups_B!.narrow(0, sequence, 2),
            };
            pieces.AddRange(ToyRows.Run(ObjectiveFactory.Create(s_recipes[name]), part).Gradient);
        }
        ToyRows.Close(whole, pieces.ToArray(), 1e-14);
    }

    [Theory, MemberData(nameof(All))]
    public void No_rows_give_a_zero_loss_that_still_has_a_gradient_path(string name)
    {
        if (s_recipes[name] is PreferenceObjectiveRecipe or GroupRewardObjectiveRecipe) return; // no sequences, nothing to compare
        torch.Tensor hidden = torch.zeros(0, 7, dtype: torch.ScalarType.Float64).requires_grad_();
        TokenRows rows = Batch(ToyRows.Random(new Random(1), 6, 7), null) with
        {
            StudentHidden_ND = hidden, TeacherHidden_NM = torch.zeros(0, 7, dtype: torch.ScalarType.Float64), SampledIds_N = torch.zeros(0, dtype: torch.ScalarType.Int64),
            Weights_N = torch.zeros(0), Sequence_N = torch.zeros(0, dtype: torch.ScalarType.Int64), SamplerLogprobs_N = torch.zeros(0, dtype: torch.ScalarType.Float64), OldLogprobs_N = null,
        };
        torch.Tensor loss = ObjectiveFactory.Create(s_recipes[name]).Evaluate(rows).Loss;
        Assert.Equal(0, loss.ToDouble());
        loss.backward();
    }

    /// <summary>Four sequences in two groups, six rows, fresh rollouts.</summary>
    private static TokenRows Batch(double[][] student, double[][]? teacher, double[]? weights = null)
    {
        long[] ids = [0, 3, 6, 1, 2, 5];
        double[] sampler = student.Select((row, n) => Math.Log(ToyRows.Softmax(row)[ids[n]])).ToArray();
        return ToyRows.From(student, teacher, ids, weights, 6) with
        {
            SamplerLogprobs_N = torch.tensor(sampler),
            Sequence_N = torch.tensor(new long[] { 0, 0, 1, 2, 3, 3 }),
            SequenceNormalizer = 4,
            GroupNormalizer = 2,
            Rewards_B = torch.tensor(new double[] { 1, 0, 0, 1 }),
            Groups_B = torch.tensor(new long[] { 0, 0, 1, 1 }),
        };
    }
}
