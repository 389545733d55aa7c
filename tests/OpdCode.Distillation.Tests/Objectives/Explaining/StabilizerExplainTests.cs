using OpdCode.Distillation.Objectives.Explaining;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Tests.Objectives.Explaining;

/// <summary>Every stabilizer through opdcode explain: samples, notes, and the inputs that only stabilizers use.</summary>
public sealed class StabilizerExplainTests
{
    public static TheoryData<string> Kinds => [.. StabilizerFit.Kinds];

    public StabilizerExplainTests() => TorchRuntime.EnsureLoaded();

    [Theory, MemberData(nameof(Kinds))]
    public void Every_kind_has_a_sample_in_which_it_does_something_and_a_note_says_what(string kind)
    {
        Explanation explanation = Sample(kind);
        Assert.True(double.IsFinite(explanation.Loss));
        string note = Assert.Single(explanation.Notes, n => n.StartsWith(kind + " ", StringComparison.Ordinal));
        Assert.DoesNotContain("changed no weight", note, StringComparison.Ordinal);
        ExplainedToken first = explanation.Sequences[0].Tokens[0];
        Assert.True(first.Stages?.ContainsKey(kind) == true || first.Terms?.ContainsKey(kind) == true);
        if (first.Stages is { } stages) Assert.Equal(first.Weight, stages.Values.Last());
    }

    [Theory]
    [InlineData("digit-place", new[] { .1, .1, 3, 3, 2, 1, .1 })]
    [InlineData("prefix-weight", new[] { 1.5, 1.428571, 1.142857 })]
    [InlineData("step-weight", new[] { 1, 1.2, .500001, .25, 1 })]
    [InlineData("skip-first", new[] { 0.0, 0, 1, 1 })]
    [InlineData("prefix-release", new[] { 2.0, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0 })]
    public void Samples_show_the_golden_weights(string kind, double[] expected) =>
        ToyRows.Close(expected, Sample(kind).Sequences[0].Tokens.Select(t => t.Weight).ToArray(), 2e-6);

    [Fact]
    public void The_margin_sample_shows_the_golden_means() =>
        ToyRows.Close([.1375, -.1625, -.4375, -.3875], Sample("margin-shift").Sequences.Select(s => s.Tokens[0].Advantage!.Value).ToArray(), 2e-6);

    [Fact]
    public void Sentences_may_be_given_or_cut_from_texts()
    {
        string Case(string places) => $$"""
            {"objective":{"kind":"policy-gradient"},"stabilizers":[{"kind":"prefix-release","minSegments":2}],
             "sequences":[{"student":[[0,0],[0,0],[0,0],[0,0]],"teacher":[[4,0],[4,0],[0.1,0],[0.1,0]],{{places}}}]}
            """;
        double[] given = Weights(Case("\"sentences\":[[0,2],[2,4]]")), cut = Weights(Case("\"texts\":[\"One\",\".\",\" Two\",\".\"]"));
        Assert.Equal([2, 2, 0, 0], given);
        Assert.Equal(given, cut);
        OpdException error = Assert.Throws<OpdException>(() => Weights(Case("\"reward\":1")));
        Assert.Equal(ErrorCodes.ObjectiveInputMissing, error.Code);
        Assert.Contains("prefix-release needs the sentence", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Masked_positions_are_in_no_statistic()
    {
        string Case(string spike) => $$"""{"objective":{"kind":"policy-gradient"},"stabilizers":[{"kind":"entropy-gate","gamma":0.5}],"sequences":[{"student":[[0,0,0],[0,0,0]],"teacher":[{{spike}},[2,1,0]],"mask":[0,1]}]}""";
        Assert.Equal(Weights(Case("[9,0,0]")), Weights(Case("[0,0,0]")));
    }

    [Fact] // methods A 0.6: ExOPD, lambda 1.25: target (.761421, .159052, .079526), and the advantage there is log Z = .055797221 for every token
    public void A_base_extrapolates_the_target()
    {
        string Case(string objective, string student, string lambda) => $$"""
            {"objective":{{objective}},{{lambda}}"sequences":[{"student":[{{student}},{{student}},{{student}}],"sampled":[0,1,2],
              "teacher":[[-0.35667494,-1.60943791,-2.30258509],[-0.35667494,-1.60943791,-2.30258509],[-0.35667494,-1.60943791,-2.30258509]],
              "base":[[-0.91629073,-0.91629073,-1.60943791],[-0.91629073,-0.91629073,-1.60943791],[-0.91629073,-0.91629073,-1.60943791]]}]}
            """;
        string target = FormattableString.Invariant($"[{Math.Log(.761421485)},{Math.Log(.159052343)},{Math.Log(.079526172)}]");
        Explanation gradient = Ask(Case("""{"kind":"policy-gradient"}""", target, "\"extrapolation\":{\"lambda\":1.25},"));
        Assert.All(gradient.Sequences[0].Tokens, t => Assert.Equal(.055797221, t.Advantage!.Value, 1e-6));
        Assert.Equal(0, Ask(Case("""{"kind":"divergence"}""", target, "\"extrapolation\":{\"lambda\":1.25},")).Loss, 1e-9);
        Explanation plain = Ask(Case("""{"kind":"policy-gradient"}""", "[0,0,0]", "")), one = Ask(Case("""{"kind":"policy-gradient"}""", "[0,0,0]", "\"extrapolation\":{\"lambda\":1},"));
        Assert.Equal(plain.Loss, one.Loss);
        Assert.Contains(plain.Notes, n => n.StartsWith("base is not used", StringComparison.Ordinal));
    }

    [Fact]
    public void A_neutral_stabilizer_changes_no_bit_and_is_named()
    {
        string Case(string stabilizers) => $$"""{"objective":{"kind":"divergence"},"stabilizers":[{{stabilizers}}],"sequences":[{"student":[[1,0.3],[0,2]],"teacher":[[0,1],[1,0.1]]}]}""";
        Explanation plain = Ask(Case("")), neutral = Ask(Case("""{"kind":"entropy-gate","gamma":0},{"kind":"skip-first","tokens":0}"""));
        Assert.Equal(plain.Loss, neutral.Loss);
        Assert.Equal(plain.Sequences.SelectMany(s => s.Gradient).SelectMany(g => g), neutral.Sequences.SelectMany(s => s.Gradient).SelectMany(g => g));
        Assert.Contains("entropy-gate is neutral with these settings: it is left out.", neutral.Notes);
    }

    [Theory]
    [InlineData("""{"kind":"entropy-gat"}""", "entropy-gate")]
    [InlineData("""{"kind":"entropy-gate","floor":3}""", "at most 1")]
    [InlineData("""{"kind":"entropy-gate","gama":3}""", "gama")]
    [InlineData("""{"kind":"confidence","form":"square"}""", "linear")]
    [InlineData("""{"kind":"soft-clamp"}""", "max is missing")]
    [InlineData("""{"kind":"prefix-release","topK":1}""", "topK")]
    public void What_a_recipe_would_refuse_a_case_refuses_in_the_same_words(string stabilizer, string says)
    {
        OpdException error = Assert.Throws<OpdException>(() => Ask($$"""{"objective":{"kind":"divergence"},"stabilizers":[{{stabilizer}}],"sequences":[{"student":[[1,0]],"teacher":[[1,0]]}]}"""));
        Assert.Equal(ErrorCodes.ObjectiveInvalid, error.Code);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"turns\":[[0,3]]", "turns[0]")]
    [InlineData("\"sentences\":[[0,2],[1,2]]", "sentences[1]")]
    [InlineData("\"contextLogprobs\":[[-1,-2],[-1]]", "contextLogprobs[1]")]
    [InlineData("\"contrastLogprobs\":[-1]", "contrastLogprobs has 1")]
    public void Places_and_contexts_that_do_not_fit_are_named(string places, string says)
    {
        OpdException error = Assert.Throws<OpdException>(() => Ask($$"""{"objective":{"kind":"divergence"},"sequences":[{"student":[[1,0],[0,1]],"teacher":[[1,0],[0,1]],{{places}}}]}"""));
        Assert.Equal(ErrorCodes.DataLineInvalid, error.Code);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static double[] Weights(string text) => [.. Ask(text).Sequences.SelectMany(s => s.Tokens).Select(t => t.Weight)];

    private static Explanation Ask(string text) => ObjectiveExplainer.Explain(ExplainCaseReader.Parse(text));

    private static Explanation Sample(string kind)
    {
        DirectoryInfo? up = new(AppContext.BaseDirectory);
        while (up is not null && !Directory.Exists(Path.Combine(up.FullName, "samples", "explain"))) up = up.Parent;
        return Ask(File.ReadAllText(Path.Combine(up!.FullName, "samples", "explain", "stabilizers", kind + ".json")));
    }
}
