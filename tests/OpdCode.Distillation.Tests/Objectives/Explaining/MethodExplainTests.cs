using OpdCode.Distillation.Objectives.Explaining;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes.Methods;

namespace OpdCode.Distillation.Tests.Objectives.Explaining;

/// <summary>opdcode explain by the name of a method.</summary>
public sealed class MethodExplainTests
{
    // Everything that any method asks for: a teacher, a base, contexts, a misleading one, rewards, texts and sentences.
    private const string Sequences = """
        "sequences":[
          {"student":[[2,0,0],[0,1,0],[0,0,1],[1,0,0]],"teacher":[[4,0,0],[0,0.5,0],[0,0,0.2],[6,0,0]],"base":[[1,0,0],[0,0.1,0],[0,0,0.1],[1,0,0]],"sampled":[0,1,2,0],"reward":1,
           "contextLogprobs":[[-0.1,-0.2],[-0.5,-2],[-1,-1],[-0.1,-0.1]],"contrastLogprobs":[-2,-0.5,-1,-3],"texts":["1","2",","," 3"],"sentences":[[0,1],[1,2],[2,3],[3,4]]},
          {"student":[[2,0,0],[1,0,0],[0,1,0],[0,0,0]],"teacher":[[4,0,0],[0,2,0],[0,0,0.1],[0,0,0]],"base":[[1,0,0],[0,1,0],[0,0,0],[0,0,0]],"sampled":[0,0,1,2],"reward":0,
           "contextLogprobs":[[-0.1,-0.2],[-0.5,-1],[-1,-1],[-1,-1.1]],"contrastLogprobs":[-2,-0.5,-1,-1],"texts":["a","b","4","5"],"sentences":[[0,1],[1,2],[2,3],[3,4]]}]
        """;

    public static TheoryData<string> Names => [.. MethodPresets.All.Select(m => m.Name)];

    public MethodExplainTests() => TorchRuntime.EnsureLoaded();

    [Theory, MemberData(nameof(Names))]
    public void Every_method_is_explained_by_its_name(string name)
    {
        Explanation explanation = Ask($$"""{"method":"{{name}}",{{Sequences}}}""");
        MethodPreset method = MethodPresets.Find(name)!;
        Assert.True(double.IsFinite(explanation.Loss));
        Assert.StartsWith($"{method.Title}: ", explanation.Notes[0], StringComparison.Ordinal);
        Assert.Contains(explanation.Sequences.SelectMany(s => s.Gradient).SelectMany(g => g), g => g != 0);
        // A note for each stage of the method.
        foreach (string? kind in method.Settings["stabilizers"]?.AsArray().Select(s => s!["kind"]!.GetValue<string>()) ?? [])
            Assert.Contains(explanation.Notes, n => n.StartsWith(kind + " ", StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_case_writes_wins_over_the_method()
    {
        Explanation plain = Ask($$"""{"method":"thinking-machines-opd",{{Sequences}}}"""), own = Ask($$"""{"method":"iw-opd","stabilizers":[],{{Sequences}}}""");
        Assert.Equal(plain.Loss, own.Loss);
        Assert.NotEqual(plain.Loss, Ask($$"""{"method":"iw-opd",{{Sequences}}}""").Loss);
        Assert.Equal(Ask($$"""{"method":"exopd","extrapolation":{"lambda":1},{{Sequences}}}""").Loss, plain.Loss);
        Assert.NotEqual(plain.Loss, Ask($$"""{"method":"exopd",{{Sequences}}}""").Loss);
    }

    [Fact] // EGRSD divides by tokens, whatever its estimator would do
    public void The_note_on_the_denominator_is_that_of_the_method() =>
        Assert.Contains(Ask($$"""{"method":"egrsd",{{Sequences}}}""").Notes, n => n.Contains("/ 8 trained tokens", StringComparison.Ordinal));

    [Fact]
    public void An_unknown_method_is_refused_with_the_known_ones()
    {
        OpdException error = Assert.Throws<OpdException>(() => Ask($$"""{"method":"cl-egrs",{{Sequences}}}"""));
        Assert.Equal(ErrorCodes.RecipeInvalid, error.Code);
        Assert.Contains("cl-egrsd", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_sample_shows_the_gate_that_looks_ahead()
    {
        for (DirectoryInfo? up = new(AppContext.BaseDirectory); up is not null; up = up.Parent)
        {
            string sample = Path.Combine(up.FullName, "samples", "explain", "methods", "cl-egrsd.json");
            if (!File.Exists(sample)) continue;
            ExplainedToken[] tokens = [.. Ask(File.ReadAllText(sample)).Sequences[0].Tokens];
            Assert.All(tokens, t => Assert.True(t.Stages!["entropy-gate"] / t.Stages["ratio-magnitude"] > .98)); // the last token is certain, and within reach of all
            return;
        }
        Assert.Fail("samples/explain/methods/cl-egrsd.json is not above the test's folder.");
    }

    private static Explanation Ask(string text) => ObjectiveExplainer.Explain(ExplainCaseReader.Parse(text));
}
