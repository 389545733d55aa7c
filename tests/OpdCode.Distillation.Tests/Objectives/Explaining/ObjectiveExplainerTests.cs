using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Distillation.Objectives.Explaining;
using OpdCode.Models.Native;
using OpdCode.Protocol;

namespace OpdCode.Distillation.Tests.Objectives.Explaining;

public sealed class ObjectiveExplainerTests
{
    public static TheoryData<string> Divergences => [.. DivergenceRegistry.Entries.Keys];

    public static TheoryData<string> Samples => [.. Directory.EnumerateFiles(SampleFolder, "*.json").Select(f => Path.GetFileName(f))];

    private static string SampleFolder { get; } = FindSamples();

    public ObjectiveExplainerTests() => TorchRuntime.EnsureLoaded();

    [Theory, MemberData(nameof(Divergences))]
    public void Every_divergence_has_a_sample(string name)
    {
        ExplainCase sample = ExplainCaseReader.Parse(File.ReadAllText(Path.Combine(SampleFolder, name + ".json")));
        Assert.StartsWith(name + ":", ObjectiveExplainer.Explain(sample).Notes[0], StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Samples))]
    public void Every_sample_runs_and_its_gradient_is_that_of_its_loss(string file)
    {
        ExplainCase sample = ExplainCaseReader.Parse(File.ReadAllText(Path.Combine(SampleFolder, file)));
        Explanation explanation = ObjectiveExplainer.Explain(sample);
        Assert.True(double.IsFinite(explanation.Loss));
        for (int s = 0; s < sample.Sequences.Count; s++)
        {
            double?[][] student = sample.Sequences[s].Student;
            Assert.Equal(student.Length, explanation.Sequences[s].Tokens.Count);
            Assert.Equal(student.Length, explanation.Sequences[s].Gradient.Length);
            if (file is "adaptive-kl.json" or "policy-gradient.json" or "extrapolation.json" or "group-reward.json" or "entropy-aware.json") continue; // detached weights or advantages
            double z = student[0][1]!.Value;
            student[0][1] = z + 1e-5;
            double up = ObjectiveExplainer.Explain(sample).Loss;
            student[0][1] = z - 1e-5;
            double down = ObjectiveExplainer.Explain(sample).Loss;
            student[0][1] = z;
            Assert.Equal((up - down) / 2e-5, explanation.Sequences[s].Gradient[0][1], 1e-6);
        }
    }

    [Fact]
    public void Masked_positions_show_nothing_and_count_nothing()
    {
        Explanation explanation = Ask("""{"objective":{"kind":"divergence"},"sequences":[{"student":[[1,0],[0,2]],"teacher":[[0,1],[1,0]],"mask":[0,1]}]}""");
        Assert.Equal(0, explanation.Sequences[0].Tokens[0].Weight);
        Assert.Null(explanation.Sequences[0].Tokens[0].Divergence);
        Assert.Equal([0, 0], explanation.Sequences[0].Gradient[0]);
        Assert.Equal(explanation.Sequences[0].Tokens[1].Loss, explanation.Loss);
    }

    [Fact]
    public void A_fully_masked_case_has_loss_zero() =>
        Assert.Equal(0, Ask("""{"objective":{"kind":"divergence"},"sequences":[{"student":[[1,0]],"teacher":[[0,1]],"mask":[0]}]}""").Loss);

    [Fact]
    public void Minus_infinity_is_null_or_a_text_and_kind_may_come_last()
    {
        Explanation explanation = Ask("""{"objective":{"divergence":"forward-kl","kind":"divergence"},"sequences":[{"student":[[1,0,null]],"teacher":[[0,1,"-Infinity"]]}]}""");
        Assert.True(double.IsFinite(explanation.Loss));
        Assert.Equal(0, explanation.Sequences[0].Gradient[0][2]);
    }

    [Theory]
    [InlineData("not json", ErrorCodes.RecipeInvalid, "cannot be read")]
    [InlineData("""{"objective":{"kind":"divergence"},"sequences":[],"sequences":[]}""", ErrorCodes.RecipeInvalid, "cannot be read")]
    [InlineData("""{"objective":{"kind":"divergence","beeta":1},"sequences":[]}""", ErrorCodes.RecipeInvalid, "beeta")]
    [InlineData("""{"objective":{"divergence":"jsd"},"sequences":[{"student":[[1,0]]}]}""", ErrorCodes.RecipeInvalid, "kind")]
    [InlineData("""{"objective":{"kind":"divergence"},"sequences":[]}""", ErrorCodes.DataLineInvalid, "no sequence")]
    [InlineData("""{"objective":{"kind":"divergence"},"sequences":[{"student":[[1,0],[1,0,2]]}]}""", ErrorCodes.DataLineInvalid, "student[1] has 3 logits")]
    [InlineData("""{"objective":{"kind":"divergence"},"sequences":[{"student":[[1,0]],"teacher":[]}]}""", ErrorCodes.DataLineInvalid, "teacher has 0 rows")]
    [InlineData("""{"objective":{"kind":"divergence"},"sequences":[{"student":[[1,0]],"sampled":[2]}]}""", ErrorCodes.DataLineInvalid, "sampled[0] is 2")]
    [InlineData("""{"objective":{"kind":"divergence"},"sequences":[{"student":[[null,null]]}]}""", ErrorCodes.DataLineInvalid, "no token at all")]
    [InlineData("""{"objective":{"kind":"divergence"},"sequences":[{"student":[[1,0]]}]}""", ErrorCodes.ObjectiveInputMissing, "teacher")]
    [InlineData("""{"objective":{"kind":"divergence"},"stabilizers":[{"kind":"gate"}],"sequences":[{"student":[[1,0]],"teacher":[[1,0]]}]}""", ErrorCodes.ObjectiveInvalid, "gate")]
    public void What_is_wrong_with_a_case_is_said_with_its_place(string text, string code, string says)
    {
        OpdException error = Assert.Throws<OpdException>(() => Ask(text));
        Assert.Equal(code, error.Code);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static Explanation Ask(string text) => ObjectiveExplainer.Explain(ExplainCaseReader.Parse(text));

    private static string FindSamples()
    {
        for (DirectoryInfo? up = new(AppContext.BaseDirectory); up is not null; up = up.Parent)
            if (Directory.Exists(Path.Combine(up.FullName, "samples", "explain"))) return Path.Combine(up.FullName, "samples", "explain");
        throw new DirectoryNotFoundException("samples/explain is not above the test's folder.");
    }
}
