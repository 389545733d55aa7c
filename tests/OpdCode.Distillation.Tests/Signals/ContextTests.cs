using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Contexts;
using OpdCode.Recipes.Data;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Signals;

public sealed class ContextTests
{
    [Theory]
    [InlineData("a {x} b {{y}} {x}", "a 1 b {y} 1")]
    [InlineData("", "")]
    [InlineData("{ x }", "1")]
    public void A_template_fills_names_and_keeps_doubled_braces(string text, string expected) =>
        Assert.Equal(expected, ContextTemplate.Parse(text, "here").Fill(name => name == "x" ? "1" : "?"));

    [Theory]
    [InlineData("a {x", "not closed")]
    [InlineData("a } b", "closes nothing")]
    [InlineData("a {} b", "no name")]
    public void A_template_that_is_none_is_refused_by_place(string text, string says)
    {
        OpdException error = Assert.Throws<OpdException>(() => ContextTemplate.Parse(text, "signal.context.text"));
        Assert.Equal(ErrorCodes.ContextInvalid, error.Code);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Contains("signal.context.text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_successful_sibling_is_shown_without_its_thinking_and_never_ones_own_text()
    {
        using var toy = new Toy();
        PeerContext peers = toy.Peers(new PeerContextRecipe { Text = "{prompt}|{peer}", Feedback = "{prompt}!{response}" });
        Rollout[] rollouts = [toy.Rollout("<think>no</think>yes", 0, 1), toy.Rollout("bad", 0, 0), toy.Rollout("wrong", 1, 0.4)];
        string?[] shown = Shown(toy, peers, rollouts);
        // The one success has no successful sibling: it is not learned from. The failure sees it; the lonely failure sees feedback.
        Assert.Null(shown[0]);
        Assert.EndsWith("p0|yes", shown[1], StringComparison.Ordinal);
        Assert.EndsWith("p0!wrong", shown[2], StringComparison.Ordinal);
        shown = Shown(toy, toy.Peers(new PeerContextRecipe { Text = "{prompt}|{peer}", ShowOwn = true, StripThinking = false }), rollouts);
        Assert.EndsWith("p0|<think>no</think>yes", shown[0], StringComparison.Ordinal);
        Assert.Null(shown[2]);
    }

    [Fact]
    public void Another_example_is_never_the_same_and_always_the_same_one()
    {
        using var toy = new Toy();
        TrainingExample example = toy.Prompts.Loaded[0];
        string[] drawn = [.. Enumerable.Range(0, 20).Select(which => toy.Columns.Value(example, "other.prompt", "here", which))];
        Assert.DoesNotContain(example.Prompt, drawn);
        Assert.True(drawn.Distinct().Count() > 3);
        Assert.Equal(drawn, Enumerable.Range(0, 20).Select(which => toy.Columns.Value(example, "other.prompt", "here", which)));
    }

    [Fact]
    public void Behind_a_longer_prompt_the_judge_reads_the_same_tokens_at_its_own_places()
    {
        using var toy = new Toy();
        int[] response = toy.Model.Tokenizer.Encode("answer", Models.Tokenization.SpecialTokens.None).Ids;
        Rollout[] rollouts = [toy.Rollout("answer", 0, 1) with { ResponseIds = response }, toy.Rollout("an", 1, 1)];
        string hint = """a longer prompt with the answer: {prompt}""";
        using var judge = new SelfJudge(toy.Model, new SelfSignalRecipe());
        using var signal = new JudgedSignal(judge, new JudgedSignalParts
        {
            Context = new TemplateContext(new TemplateContextRecipe { Text = hint }, toy.Model, PromptFormat.Plain, toy.Prompts, toy.Columns, "here", 0), Device = torch.CPU,
        });
        using var scope = torch.NewDisposeScope();
        IReadOnlyList<Rollout> prepared = signal.Prepare(rollouts, 1, CancellationToken.None);
        SequenceBatch batch = SequenceBatch.Create(prepared, torch.CPU);
        OpdCode.Distillation.Objectives.TokenRows rows = signal.Judge(batch, Rows(toy.Model, batch));
        int at = 0;
        foreach (Rollout rollout in prepared)
        {
            Assert.NotEqual(rollout.PromptIds.Length, rollout.JudgePromptIds!.Length);
            // The slow twin: one text alone, indexed by the length of its own prompt.
            long[] text = [.. rollout.JudgePromptIds.Concat(rollout.ResponseIds).Select(id => (long)id)];
            torch.Tensor logprobs_TV = toy.Model.Decoder.Logits(toy.Model.Decoder.Hidden(torch.tensor(text, [1, text.Length]), Models.Decoding.AttentionPattern.Causal)).select(0, 0).log_softmax(-1);
            torch.Tensor judged_N = HeadProbe.Logprobs_N(rows.TeacherHidden_NM!, rows.TeacherHead_WM, toy.Model.VocabularySize, rows.SampledIds_N);
            for (int t = 0; t < rollout.ResponseIds.Length; t++, at++)
                Assert.Equal(logprobs_TV[rollout.JudgePromptIds.Length - 1 + t, rollout.ResponseIds[t]].ToDouble(), judged_N[at].ToDouble(), 1e-4);
        }
        Assert.Equal(batch.SampledIds_N.shape[0], at);
        Assert.False(rows.TeacherHidden_NM!.requires_grad);
    }

    [Fact] // methods A 6: y+ is written and read with the context, y− written without it; both are read with it; equal texts are no pair
    public void Pairs_are_written_by_the_judge_who_sees_more_and_read_by_it_behind_the_longer_prompt()
    {
        using var toy = new Toy();
        using var judge = new SelfJudge(toy.Model, new SelfSignalRecipe());
        var recipe = new Recipe { Version = 1, Student = new StudentRecipe { Model = "s" }, Objective = new PreferenceObjectiveRecipe(), Data = new DataRecipe { Train = "d" }, Rollout = new RolloutRecipe { MaxNewTokens = 5, Temperature = 0 } };
        using var signal = new JudgedSignal(judge, new JudgedSignalParts
        {
            Context = new TemplateContext(new TemplateContextRecipe { Text = "a longer {prompt} with {answer}" }, toy.Model, PromptFormat.Plain, toy.Prompts, toy.Columns, "here", 0),
            Preferred = new PreferredResponses(recipe, toy.Model), Device = torch.CPU,
        });
        int[] seen = toy.Model.EncodePlain("a longer p0 with 0");
        int[] best = Models.Generation.Generator.Generate(toy.Model.Decoder, toy.Model.VocabularySize, [seen], [0], new() { MaxNewTokens = 5, Temperature = 0, StopIds = toy.Model.StopIds })[0].Ids;
        Rollout[] own = [toy.Rollout("an", 0, 0), toy.Rollout("other", 1, 0) with { ResponseIds = best }];
        IReadOnlyList<Rollout> pairs = signal.Prepare(own, 1, CancellationToken.None);
        Assert.Equal([RolloutWriter.Judge, RolloutWriter.Student], pairs.Select(r => r.Writer)); // the second writes what the judge would: no pair
        Assert.Equal(best, pairs[0].ResponseIds);
        Assert.Equal(own[0].ResponseIds, pairs[1].ResponseIds);
        Assert.Equal([1.0, 0], pairs.Select(r => r.Reward!.Value));
        Assert.Single(pairs.Select(r => r.Group).Distinct());
        Assert.All(pairs, r => Assert.Equal(seen, r.JudgePromptIds));
        Assert.All(pairs, r => Assert.Equal(toy.Model.EncodePlain("p0"), r.PromptIds));
    }

    [Fact]
    public void A_context_with_a_memory_is_asked_once_a_step_even_where_the_judge_writes()
    {
        using var toy = new Toy();
        using var judge = new SelfJudge(toy.Model, new SelfSignalRecipe());
        var counted = new CountedContext(toy.Model.EncodePlain("seen"));
        var recipe = new Recipe { Version = 1, Student = new StudentRecipe { Model = "s" }, Objective = new PreferenceObjectiveRecipe(), Data = new DataRecipe { Train = "d" }, Rollout = new RolloutRecipe { MaxNewTokens = 3 } };
        using var signal = new JudgedSignal(judge, new JudgedSignalParts { Context = counted, Preferred = new PreferredResponses(recipe, toy.Model), Device = torch.CPU });
        signal.Prepare([toy.Rollout("an", 0, 0)], 1, CancellationToken.None);
        Assert.Equal(1, counted.Calls);
    }

    private sealed class CountedContext(int[] ids) : IContextSource
    {
        public int Calls { get; private set; }

        public OpdCode.Distillation.Runs.IMethodState? State => null;

        public IReadOnlyList<int[]?> Prompts(IReadOnlyList<Rollout> rollouts, int step, CancellationToken cancel)
        {
            Calls++;
            return [.. rollouts.Select(_ => ids)];
        }
    }

    private static OpdCode.Distillation.Objectives.TokenRows Rows(LanguageModel model, SequenceBatch batch) => new()
    {
        StudentHidden_ND = batch.HiddenRows(model.Decoder), StudentHead_VD = model.Decoder.Head_VD, VocabularySize = model.VocabularySize,
        SampledIds_N = batch.SampledIds_N, Sequence_N = batch.Sequence_N, Weights_N = torch.ones(batch.Rows_N.shape[0]), Normalizer = 1,
    };

    private static string?[] Shown(Toy toy, PeerContext source, Rollout[] rollouts) =>
        [.. source.Prompts(rollouts, 1, CancellationToken.None).Select(ids => ids is null ? null : toy.Model.DecodeResponse(ids))];

    private sealed class Toy : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Toy()
        {
            Model = LanguageModel.Load(Write(_folder.File("student"), 1, gain: 4), torch.CPU);
            File.WriteAllLines(_folder.File("data.jsonl"), Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "p{{i}}", "answer": "{{i}}"}"""));
            Prompts = PromptSource.Open(new DataRecipe { Train = _folder.File("data.jsonl"), Format = PromptFormat.Plain }, Model, 8, 1);
            Columns = new ExampleColumns(Prompts, 1);
        }

        public LanguageModel Model { get; }

        public PromptSource Prompts { get; }

        public ExampleColumns Columns { get; }

        public PeerContext Peers(PeerContextRecipe recipe) => new PeerContext(recipe, Model, PromptFormat.Plain, Columns, "signal.context", 1);

        public Rollout Rollout(string response, int group, double reward) => new()
        {
            Source = Prompts.Loaded.Single(e => e.Prompt == "p0"), PromptIds = Model.EncodePlain("p0"), Group = group, Reward = reward,
            ResponseIds = Model.Tokenizer.Encode(response, Models.Tokenization.SpecialTokens.None).Ids,
        };

        public void Dispose()
        {
            Model.Dispose();
            _folder.Dispose();
        }
    }
}
