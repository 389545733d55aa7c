using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Rollouts;

public sealed class PromptSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LanguageModel _model;

    public PromptSourceTests()
    {
        TorchRuntime.EnsureLoaded();
        _model = LanguageModel.Load(Write(_folder.File("model"), 1), torch.CPU);
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Held_out_prompts_are_evaluated_and_never_drawn()
    {
        DataRecipe data = Data(40) with { HoldOut = 0.25 };
        string[] heldOut = [.. PromptEncoder.ReadHeldOut(new EvaluateRecipe(), data, _model, 4).Select(p => p.Example.Prompt!)];
        Assert.InRange(heldOut.Length, 3, 20);
        PromptSource source = PromptSource.Open(data, _model, 4, 1);
        string[] drawn = [.. source.Next(40 - heldOut.Length).Select(p => p.Example.Prompt!)];
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"p{i}").Order(StringComparer.Ordinal), drawn.Concat(heldOut).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nothing_held_out_is_an_error_that_says_what_to_do()
    {
        OpdException error = Assert.Throws<OpdException>(() => PromptEncoder.ReadHeldOut(new EvaluateRecipe(), Data(3) with { HoldOut = 1e-9 }, _model, 4));
        Assert.Contains("data.holdOut is 1E-09 and keeps not one prompt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Repeated_prompts_come_once_where_asked_for()
    {
        DataRecipe data = Data(10);
        File.AppendAllText(data.Train, File.ReadAllText(data.Train));
        Assert.Equal(20, PromptSource.Open(data, _model, 4, 1).Loaded.Count);
        PromptSource once = PromptSource.Open(data with { Deduplicate = true }, _model, 4, 1);
        Assert.Equal(10, once.Next(10).Select(p => p.Example.Prompt).Distinct().Count());
    }

    [Fact]
    public void A_restored_source_goes_on_with_the_same_prompts()
    {
        DataRecipe data = Data(7);
        PromptSource whole = PromptSource.Open(data, _model, 4, 3), resumed = PromptSource.Open(data, _model, 4, 3);
        whole.Next(9);
        using MethodSnapshot snapshot = whole.Capture();
        string?[] next = [.. whole.Next(11).Select(p => p.Example.Prompt)];
        resumed.Restore(snapshot);
        Assert.Equal(next, resumed.Next(11).Select(p => p.Example.Prompt));
    }

    /// <summary>Blocks of 16 bytes make a file of 300 lines as one of 300 MB is: its prompts are drawn while the step before computes.</summary>
    [Fact]
    public void What_was_drawn_ahead_is_what_would_have_been_drawn()
    {
        DataRecipe data = Data(300);
        var plain = new ShuffledExamples(data.Train, 3, blockBytes: 16);
        Assert.False(plain.IsWhole);
        string?[] expected = [.. Enumerable.Range(0, 800).Select(_ => plain.Next().Prompt)];

        using PromptSource source = PromptSource.Open(data, _model, 4, 3, blockBytes: 16);
        var drawn = new List<string?>();
        for (int batch = 0; drawn.Count < 700; batch++)
        {
            drawn.AddRange(source.Next(batch % 7 == 6 ? 5 : 8).Select(p => p.Example.Prompt)); // now and then another size than was expected
            if (batch % 10 != 9) continue;
            using MethodSnapshot snapshot = source.Capture();
            using PromptSource resumed = PromptSource.Open(data, _model, 4, 3, blockBytes: 16);
            resumed.Restore(snapshot);
            Assert.Equal(expected[drawn.Count..(drawn.Count + 20)], resumed.Next(20).Select(p => p.Example.Prompt));
            source.Restore(snapshot);
            Assert.NotEmpty(source.Loaded);
        }
        Assert.Equal(expected[..drawn.Count], drawn);
    }

    [Fact]
    public void A_line_that_cannot_be_used_is_told_of_when_its_turn_comes()
    {
        DataRecipe data = Data(300);
        File.AppendAllText(data.Train, $$"""{"prompt": "{{new string('x', 70)}}"}""");
        var plain = new ShuffledExamples(data.Train, 3, blockBytes: 16);
        int turn = 0;
        while (plain.Next().Prompt![0] != 'x') turn++;

        using PromptSource source = PromptSource.Open(data, _model, 4, 3, blockBytes: 16);
        for (int i = 0; i < turn; i++) source.Next(1);
        Assert.Equal(ErrorCodes.PromptTooLong, Assert.Throws<OpdException>(() => source.Next(1)).Code);
    }

    [Fact]
    public void A_prompt_that_leaves_no_room_for_the_answer_is_named_by_file_and_line()
    {
        DataRecipe data = Data(3);
        File.AppendAllText(data.Train, $$"""{"prompt": "{{new string('x', 70)}}"}""");
        OpdException error = Assert.Throws<OpdException>(() => PromptSource.Open(data, _model, 4, 1));
        Assert.Equal(ErrorCodes.PromptTooLong, error.Code);
        Assert.StartsWith($"{data.Train}, line 4: ", error.Message, StringComparison.Ordinal);
    }

    private DataRecipe Data(int count)
    {
        string file = _folder.File("data.jsonl");
        File.WriteAllLines(file, Enumerable.Range(0, count).Select(i => $$"""{"prompt": "p{{i}}", "answer": "a"}"""));
        return new DataRecipe { Train = file, Format = PromptFormat.Plain };
    }
}
