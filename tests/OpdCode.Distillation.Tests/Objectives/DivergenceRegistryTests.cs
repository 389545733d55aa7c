using System.Reflection;
using System.Xml.Linq;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>The universal invariants, over every divergence of the registry with several options each.</summary>
public sealed class DivergenceRegistryTests
{
    public static TheoryData<string> Names => [.. DivergenceRegistry.Entries.Keys];

    /// <summary>The options under which each divergence is tried; the first is its default.</summary>
    internal static IEnumerable<DivergenceObjectiveRecipe> Variants(string name)
    {
        DivergenceObjectiveRecipe plain = new() { Divergence = name, TopK = 3 };
        return name switch
        {
            "jsd" => [plain, plain with { Beta = .1 }, plain with { Beta = .9 }],
            "skew-forward-kl" or "skew-reverse-kl" => [plain, plain with { Alpha = 0 }, plain with { Alpha = .7 }, plain with { Alpha = 1 }],
            "alpha" => [plain, plain with { Alpha = 2 }, plain with { Alpha = -1 }, plain with { Alpha = .3 }],
            "f-divergence" => [.. FGenerator.Known.Keys.Where(g => g != "total-variation").Prepend("jeffreys").Distinct().Select(g => plain with { Generator = g })],
            "adaptive-kl" => [plain, plain with { Mass = .1 }, plain with { Mass = .9 }],
            "entropy-aware" => [plain, plain with { EntropyThreshold = -1, Coefficient = 2 }, plain with { EntropyThreshold = 99 }],
            _ => [plain],
        };
    }

    [Theory, MemberData(nameof(Names))]
    public void Value_equals_the_plain_twin(string name)
    {
        Random random = new(11);
        foreach (DivergenceObjectiveRecipe recipe in Variants(name))
        {
            double[][] student = ToyRows.Random(random, 20, 9, 4), teacher = ToyRows.Random(random, 20, 9, 4);
            double[] expected = student.Zip(teacher, (s, t) => PlainDivergences.Entries[name](recipe, ToyRows.Softmax(s), ToyRows.Softmax(t))).ToArray();
            ObjectiveResult result = ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From(student, teacher)).Result;
            ToyRows.Close(expected, ToyRows.Doubles(result.Signals.Divergence_N!), 1e-10 * (1 + expected.Max()));
            Assert.Equal(expected.Average(), result.Loss.ToDouble(), 1e-10 * (1 + expected.Max()));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Gradient_equals_central_differences_of_the_plain_twin(string name)
    {
        Random random = new(12);
        foreach (DivergenceObjectiveRecipe recipe in Variants(name))
        {
            double[] student = ToyRows.Random(random, 1, 7)[0], teacher = ToyRows.Random(random, 1, 7)[0];
            double[] gradient = ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From([student], [teacher])).Gradient;
            if (name == "adaptive-kl") continue; // its weights are detached: see the test of its own
            ToyRows.Close(Numeric(z => PlainDivergences.Entries[name](recipe, ToyRows.Softmax(z), ToyRows.Softmax(teacher)), student), gradient, 1e-7);
            Assert.Equal(0, gradient.Sum(), 1e-12);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void It_is_zero_with_zero_gradient_where_student_equals_teacher_and_positive_elsewhere(string name)
    {
        Random random = new(13);
        foreach (DivergenceObjectiveRecipe recipe in Variants(name))
        {
            double[][] logits = ToyRows.Random(random, 8, 9, 10), other = ToyRows.Random(random, 8, 9, 10);
            (double loss, double[] gradient, _) = ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From(logits, logits));
            Assert.Equal(0, loss, 1e-12);
            Assert.All(gradient, g => Assert.Equal(0, g, 1e-12));
            ObjectiveResult away = ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From(logits, other)).Result;
            Assert.All(ToyRows.Doubles(away.Signals.Divergence_N!), d => Assert.True(name.StartsWith("skew", StringComparison.Ordinal) && recipe.Alpha == 1 ? d < 1e-12 : d > 0, $"{name}: {d}"));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Minus_infinity_and_hopeless_tokens_give_finite_numbers(string name)
    {
        double low = double.NegativeInfinity;
        foreach (DivergenceObjectiveRecipe recipe in Variants(name))
        {
            foreach (torch.ScalarType type in new[] { torch.ScalarType.Float64, torch.ScalarType.Float32 })
            {
                TokenRows rows = ToyRows.From([[1, 2, low, low], [0, 200, 2, 3], [-90, 90, 0, 0]], [[2, low, 1, low], [1, low, 0, low], [90, -90, 0, 0]], type: type);
                (double loss, double[] gradient, _) = ToyRows.Run(ObjectiveFactory.Create(recipe), rows);
                Assert.True(double.IsFinite(loss), name);
                Assert.All(gradient, g => Assert.True(double.IsFinite(g), name));
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Temperatures_divide_the_logits_of_each_side(string name)
    {
        double[][] student = ToyRows.Random(new Random(14), 3, 6), teacher = ToyRows.Random(new Random(15), 3, 6);
        foreach (DivergenceObjectiveRecipe recipe in Variants(name))
        {
            (double warm, double[] warmGradient, _) = ToyRows.Run(ObjectiveFactory.Create(recipe with { StudentTemperature = 2, TeacherTemperature = .5 }), ToyRows.From(student, teacher));
            double[][] Scaled(double[][] rows, double by) => rows.Select(r => r.Select(x => x * by).ToArray()).ToArray();
            (double direct, double[] directGradient, _) = ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From(Scaled(student, .5), Scaled(teacher, 2)));
            Assert.Equal(direct, warm, 1e-12);
            ToyRows.Close(directGradient.Select(g => g / 2).ToArray(), warmGradient, 1e-12);
            (double squared, _, _) = ToyRows.Run(ObjectiveFactory.Create(recipe with { StudentTemperature = 2, TeacherTemperature = .5, TemperatureSquared = true }), ToyRows.From(student, teacher));
            Assert.Equal(4 * direct, squared, 1e-11);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Float32_agrees_with_float64_and_bfloat16_is_never_negative(string name)
    {
        Random random = new(16);
        double[][] student = ToyRows.Random(random, 16, 300, 5), teacher = ToyRows.Random(random, 16, 300, 5);
        foreach (DivergenceObjectiveRecipe recipe in Variants(name))
        {
            double[] exact = ToyRows.Doubles(ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From(student, teacher)).Result.Signals.Divergence_N!);
            double[] single = ToyRows.Doubles(ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From(student, teacher, type: torch.ScalarType.Float32)).Result.Signals.Divergence_N!);
            for (int n = 0; n < exact.Length; n++) Assert.Equal(exact[n], single[n], 2e-5 * (1 + Math.Abs(exact[n])));
            double[] half = ToyRows.Doubles(ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From(student, student, type: torch.ScalarType.BFloat16)).Result.Signals.Divergence_N!);
            Assert.All(half, d => Assert.InRange(d, -1e-7, 5e-6));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void A_small_step_against_the_gradient_lowers_it(string name)
    {
        double[][] student = ToyRows.Random(new Random(17), 4, 6), teacher = ToyRows.Random(new Random(18), 4, 6);
        foreach (DivergenceObjectiveRecipe recipe in Variants(name).Where(r => r.Alpha != 1))
        {
            (double before, double[] gradient, _) = ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From(student, teacher));
            double[][] stepped = student.Select((row, n) => row.Select((z, v) => z - 1e-3 * gradient[n * 6 + v]).ToArray()).ToArray();
            Assert.True(ToyRows.Run(ObjectiveFactory.Create(recipe), ToyRows.From(stepped, teacher)).Loss < before);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Every_divergence_is_documented_and_has_a_twin(string name)
    {
        IDivergence divergence = DivergenceRegistry.Entries[name](new DivergenceObjectiveRecipe());
        Assert.False(string.IsNullOrWhiteSpace(divergence.Formula));
        Assert.True(PlainDivergences.Entries.ContainsKey(name), $"{name} has no plain twin in PlainDivergences.");
        string summary = Documentation(typeof(DivergenceRegistry)).Descendants("member")
            .FirstOrDefault(m => m.Attribute("name")!.Value == "T:" + divergence.GetType().FullName)?.Element("summary")?.Value ?? "";
        Assert.True(summary.Contains("Source:", StringComparison.Ordinal), $"{divergence.GetType().Name} does not name its source.");
        Assert.True(summary.Contains("Range", StringComparison.Ordinal) || summary.Contains("stays below", StringComparison.Ordinal) || summary.Contains("α →", StringComparison.Ordinal), $"{divergence.GetType().Name} does not say its range.");
        ChoiceAttribute? choice = typeof(DivergenceObjectiveRecipe).GetProperty(nameof(DivergenceObjectiveRecipe.Divergence))!.GetCustomAttributes<ChoiceAttribute>().SingleOrDefault(c => c.Value == name);
        Assert.False(string.IsNullOrWhiteSpace(choice?.Description), $"{name} has no [Choice] on DivergenceObjectiveRecipe.Divergence, so the schema does not offer it.");
        string recipe = Documentation(typeof(DivergenceObjectiveRecipe)).Descendants("member")
            .Single(m => m.Attribute("name")!.Value.EndsWith("P:OpdCode.Recipes.DivergenceObjectiveRecipe.Divergence", StringComparison.Ordinal)).Value;
        Assert.True(recipe.Contains(name, StringComparison.Ordinal), $"DivergenceObjectiveRecipe.Divergence does not list {name}.");
    }

    [Fact]
    public void Every_divergence_class_is_registered()
    {
        Type[] registered = DivergenceRegistry.Entries.Values.Select(create => create(new DivergenceObjectiveRecipe()).GetType()).ToArray();
        Type[] classes = typeof(IDivergence).Assembly.GetTypes().Where(t => t is { IsClass: true, IsAbstract: false } && typeof(IDivergence).IsAssignableFrom(t)).ToArray();
        Assert.Equal(classes.OrderBy(t => t.Name).ToArray(), registered.OrderBy(t => t.Name).ToArray());
    }

    internal static double[] Numeric(Func<double[], double> value, double[] at) => Enumerable.Range(0, at.Length).Select(v =>
    {
        const double Step = 1e-5;
        double Shifted(double by)
        {
            double[] z = (double[])at.Clone();
            z[v] += by;
            return value(z);
        }
        return (Shifted(Step) - Shifted(-Step)) / (2 * Step);
    }).ToArray();

    private static XDocument Documentation(Type type) => XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml"));
}
