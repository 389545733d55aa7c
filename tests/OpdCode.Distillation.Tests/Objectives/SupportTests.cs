using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>Truncated supports: golden values, the data-processing inequality, masses, labels and refusals.</summary>
public sealed class SupportTests
{
    private static readonly double[][] s_student4 = [[1, 1, .5, 0]];
    private static readonly double[][] s_teacher4 = [[2, 1, 0, -1]];
    private static readonly double[][] s_studentA = [[1, 2, 3, 0]];
    private static readonly double[][] s_teacherA = [[3, 1, .5, -2]];

    public static TheoryData<string> Separable => [.. DivergenceRegistry.Entries.Keys.Where(n => n is not "entropy-aware" and not "adaptive-kl")];

    [Theory]
    [InlineData("reverse-kl", SupportTail.Bucket, .230424)]
    [InlineData("forward-kl", SupportTail.Bucket, .214999)]
    [InlineData("reverse-kl", SupportTail.Renormalize, .120115)]
    [InlineData("forward-kl", SupportTail.Renormalize, .110944)]
    [InlineData("reverse-kl", SupportTail.None, -.100764)]
    public void Top_two_of_the_four_token_table_matches(string name, SupportTail tail, double value) =>
        Assert.Equal(value, Run(name, SupportOwner.Teacher, 2, tail, s_student4, s_teacher4).Loss.ToDouble(), 1e-6);

    [Theory]
    [InlineData("forward-kl", SupportOwner.Teacher, SupportTail.None, 1.743893957)]
    [InlineData("forward-kl", SupportOwner.Teacher, SupportTail.Bucket, 1.581960954)]
    [InlineData("forward-kl", SupportOwner.Teacher, SupportTail.Renormalize, 0.828724910)]
    [InlineData("reverse-kl", SupportOwner.Student, SupportTail.None, 1.637094913)]
    [InlineData("reverse-kl", SupportOwner.Student, SupportTail.Bucket, 1.406867592)]
    public void Top_two_of_the_framework_row_matches(string name, SupportOwner owner, SupportTail tail, double value)
    {
        ObjectiveResult result = Run(name, owner, 2, tail, s_studentA, s_teacherA);
        Assert.Equal(value, result.Loss.ToDouble(), 1e-9);
        if (owner != SupportOwner.Teacher) return;
        Assert.Equal(.9274416, result.Signals.TeacherMass_N!.ToDouble(), 1e-7);
        Assert.Equal(.3240271, result.Signals.StudentMass_N!.ToDouble(), 1e-7);
    }

    [Fact]
    public void A_negative_partial_sum_is_shown_and_called_a_surrogate()
    {
        IObjective objective = Objective("forward-kl", SupportOwner.Teacher, 1, SupportTail.None);
        ObjectiveResult result = ToyRows.Run(objective, ToyRows.From([[5, 0, 0, 0]], [[1, 0, 0, 0]])).Result;
        Assert.Equal(-0.344002160, result.Loss.ToDouble(), 1e-9);
        Assert.Equal(-0.344002160, result.Signals.Divergence_N!.ToDouble(), 1e-9);
        Assert.Contains("surrogate", objective.Label, StringComparison.Ordinal);
        Assert.Contains("not a divergence", objective.Label, StringComparison.Ordinal);
        double full = ToyRows.Run(ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "forward-kl" }), ToyRows.From([[5, 0, 0, 0]], [[1, 0, 0, 0]])).Loss;
        Assert.Equal(1.374876327, full, 1e-9);
    }

    [Fact]
    public void The_three_token_goldens_match()
    {
        double[][] student = ToyRows.Log([.2, .5, .3]), teacher = ToyRows.Log([.7, .2, .1]);
        Assert.Equal(0.582685302, Run("forward-kl", SupportOwner.Teacher, 1, SupportTail.Bucket, student, teacher).Loss.ToDouble(), 1e-9);
        Assert.Equal(0.519436607, Run("forward-kl", SupportOwner.Teacher, 2, SupportTail.Renormalize, student, teacher).Loss.ToDouble(), 1e-9);
    }

    [Theory, MemberData(nameof(Separable))]
    public void The_tail_bucket_is_a_lower_bound_that_grows_with_k_to_the_full_value(string name)
    {
        Random random = new(6);
        double[][] student = ToyRows.Random(random, 12, 9, 4), teacher = ToyRows.Random(random, 12, 9, 4);
        double[] full = ToyRows.Doubles(ToyRows.Run(ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = name }), ToyRows.From(student, teacher)).Result.Signals.Divergence_N!);
        foreach (SupportOwner owner in Enum.GetValues<SupportOwner>())
        {
            double[] before = new double[12];
            for (int k = 1; k <= 9; k++)
            {
                double[] now = ToyRows.Doubles(Run(name, owner, k, SupportTail.Bucket, student, teacher).Signals.Divergence_N!);
                for (int n = 0; n < 12; n++)
                {
                    Assert.True(now[n] <= full[n] + 1e-9 * (1 + full[n]), $"{name} {owner} k={k}: {now[n]} > {full[n]}");
                    Assert.True(now[n] >= before[n] - 1e-9 * (1 + full[n]), $"{name} {owner} k={k} fell");
                }
                before = now;
                if (k >= 8) ToyRows.Close(full, now, 1e-9 * (1 + full.Max()));
            }
        }
    }

    [Theory, MemberData(nameof(Separable))]
    public void Every_support_has_the_gradient_of_its_own_value(string name)
    {
        Random random = new(8);
        foreach (SupportOwner owner in Enum.GetValues<SupportOwner>())
        {
            foreach (SupportTail tail in Tails(name))
            {
                double[] student = ToyRows.Random(random, 1, 8, 3)[0], teacher = ToyRows.Random(random, 1, 8, 3)[0];
                IObjective objective = Objective(name, owner, 3, tail);
                double[] gradient = ToyRows.Run(objective, ToyRows.From([student], [teacher])).Gradient;
                double[] numeric = DivergenceRegistryTests.Numeric(z => objective.Evaluate(ToyRows.From([z], [teacher])).Loss.ToDouble(), student);
                ToyRows.Close(numeric, gradient, 2e-6 * (1 + numeric.Max(Math.Abs)));
            }
        }
    }

    [Theory, MemberData(nameof(Separable))]
    public void Equal_models_give_nothing_on_every_support(string name)
    {
        double[][] logits = ToyRows.Random(new Random(9), 5, 8, 3);
        foreach (SupportOwner owner in Enum.GetValues<SupportOwner>())
        {
            foreach (SupportTail tail in Tails(name).Where(t => t != SupportTail.RenormalizeTeacher))
            {
                (double loss, double[] gradient, _) = ToyRows.Run(Objective(name, owner, 3, tail), ToyRows.From(logits, logits));
                Assert.Equal(0, loss, 1e-12);
                if (tail != SupportTail.None) Assert.All(gradient, g => Assert.Equal(0, g, 1e-12)); // a partial sum has a gradient even there
            }
        }
    }

    [Theory, MemberData(nameof(Separable))]
    public void The_whole_vocabulary_as_support_equals_the_full_divergence_bit_for_bit(string name)
    {
        double[][] student = ToyRows.Random(new Random(10), 5, 8), teacher = ToyRows.Random(new Random(11), 5, 8);
        (double full, double[] fullGradient, _) = ToyRows.Run(ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = name }), ToyRows.From(student, teacher));
        foreach (int k in new[] { 8, 9, 1000 })
        {
            (double loss, double[] gradient, ObjectiveResult result) = ToyRows.Run(Objective(name, SupportOwner.Teacher, k, SupportTail.None), ToyRows.From(student, teacher));
            Assert.Equal(full, loss);
            Assert.Equal(fullGradient, gradient);
            Assert.All(ToyRows.Doubles(result.Signals.TeacherMass_N!), m => Assert.Equal(1, m));
        }
    }

    [Fact]
    public void Outside_the_support_a_bucket_gives_gradient_and_renormalising_gives_none()
    {
        double[][] student = [[3, 2, 1, 0, -1]], teacher = [[0, 1, 2, 3, 4]];
        double[] bucket = ToyRows.Run(Objective("reverse-kl", SupportOwner.Teacher, 2, SupportTail.Bucket), ToyRows.From(student, teacher)).Gradient;
        Assert.All(bucket[..3], g => Assert.NotEqual(0, g));
        double[] renormalised = ToyRows.Run(Objective("reverse-kl", SupportOwner.Teacher, 2, SupportTail.Renormalize), ToyRows.From(student, teacher)).Gradient;
        Assert.All(renormalised[..3], g => Assert.Equal(0, g));
    }

    [Theory] // methods A 11.8: −Σ_K T̃·log S, T̃ the teacher renormalised on its top k, S whole; gradient S − T̃
    [InlineData(SupportOwner.Teacher)]
    [InlineData(SupportOwner.Union)]
    public void With_the_teacher_alone_renormalised_it_is_the_cross_entropy_of_sdft(SupportOwner owner)
    {
        double[] z = [.3, 2, -1, .5, 0, 1], s = ToyRows.Softmax(z), t = ToyRows.Softmax([1, .2, 3, -1, .5, 2]);
        int[] kept = owner == SupportOwner.Teacher ? [2, 5] : [2, 5, 1]; // the student's best two are 1 and 5
        double[] conditional = [.. t.Select((p, v) => kept.Contains(v) ? p / kept.Sum(k => t[k]) : 0)];
        double crossEntropy = -kept.Sum(v => conditional[v] * Math.Log(s[v]));
        (double loss, double[] gradient, ObjectiveResult result) = ToyRows.Run(Objective("forward-kl", owner, 2, SupportTail.RenormalizeTeacher), ToyRows.From([z], ToyRows.Log(t)));
        Assert.Equal(crossEntropy - PlainDivergences.Entropy(conditional), loss, 1e-12);
        ToyRows.Close(s.Zip(conditional, (a, b) => a - b).ToArray(), gradient, 1e-12);
        Assert.Equal(kept.Sum(v => t[v]), result.Signals.TeacherMass_N!.ToDouble(), 1e-12);
        // Equal models: what the teacher has outside of the support is missing.
        Assert.Equal(-Math.Log(new[] { 2, 5 }.Sum(v => t[v])), Run("forward-kl", SupportOwner.Teacher, 2, SupportTail.RenormalizeTeacher, ToyRows.Log(t), ToyRows.Log(t)).Loss.ToDouble(), 1e-12);
    }

    [Fact]
    public void Combinations_that_are_no_loss_are_refused_with_the_reason()
    {
        Refused("identically zero|zero for every student", "forward-kl", 1, SupportTail.Renormalize);
        Refused("leaves the teacher nothing", "jsd", 4, SupportTail.RenormalizeTeacher);
        Refused("not one sum", "adaptive-kl", 4, SupportTail.None);
        Refused("full vocabulary", "entropy-aware", 4, SupportTail.Bucket);
        Assert.Equal(ErrorCodes.ObjectiveInvalid, Assert.Throws<OpdException>(() => Objective("reverse-kl", SupportOwner.Teacher, 0, SupportTail.Bucket)).Code);
        OpdException unknown = Assert.Throws<OpdException>(() => ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "kl" }));
        Assert.Contains("reverse-kl, forward-kl, jsd", unknown.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<SupportTail> Tails(string name) => Enum.GetValues<SupportTail>().Where(t => t != SupportTail.RenormalizeTeacher || name == "forward-kl");

    private static void Refused(string reason, string name, int k, SupportTail tail)
    {
        OpdException error = Assert.Throws<OpdException>(() => Objective(name, SupportOwner.Teacher, k, tail));
        Assert.Equal(ErrorCodes.ObjectiveRefused, error.Code);
        Assert.Matches(reason, error.Message);
    }

    private static IObjective Objective(string name, SupportOwner owner, int k, SupportTail tail) =>
        ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = name, Support = new TopKSupportRecipe { Of = owner, K = k, Tail = tail } });

    private static ObjectiveResult Run(string name, SupportOwner owner, int k, SupportTail tail, double[][] student, double[][] teacher) =>
        ToyRows.Run(Objective(name, owner, k, tail), ToyRows.From(student, teacher)).Result;
}
