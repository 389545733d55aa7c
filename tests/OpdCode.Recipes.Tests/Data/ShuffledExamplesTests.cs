using System.Globalization;
using System.Text;
using OpdCode.Protocol;
using OpdCode.Recipes.Data;

namespace OpdCode.Recipes.Tests.Data;

public sealed class ShuffledExamplesTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.jsonl");

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData(1 << 20, 32)]
    [InlineData(64, 3)]
    [InlineData(7, 1)]
    [InlineData(1, 2)]
    public void Each_pass_gives_every_example_once_in_another_order(int blockBytes, int windowBlocks)
    {
        string[] prompts = Write(60);
        ShuffledExamples stream = new(_file, 5, null, blockBytes, windowBlocks);
        string[] first = Take(stream, 60), second = Take(stream, 60);
        Assert.Equal(prompts, first.Order(StringComparer.Ordinal));
        Assert.Equal(prompts, second.Order(StringComparer.Ordinal));
        Assert.NotEqual(first, second);
        Assert.Equal(first, Take(new ShuffledExamples(_file, 5, null, blockBytes, windowBlocks), 60));
        Assert.NotEqual(first, Take(new ShuffledExamples(_file, 6, null, blockBytes, windowBlocks), 60));
    }

    [Fact]
    public void A_cursor_goes_on_exactly()
    {
        Write(100);
        ShuffledExamples whole = new(_file, 1, null, 100, 4);
        for (int i = 0; i < 333; i++)
        {
            ShuffleCursor cursor = whole.Cursor;
            string next = whole.Next().Prompt!;
            Assert.Equal(next, new ShuffledExamples(_file, 1, null, 100, 4) { Cursor = cursor }.Next().Prompt);
        }
        Assert.Equal(3, whole.Cursor.Epoch);
    }

    [Fact]
    public void A_wrong_line_is_named_by_its_number_wherever_it_is_met()
    {
        Write(50);
        File.AppendAllText(_file, "\n{\"prompt\": }\n");
        ShuffledExamples stream = new(_file, 1, null, 64, 2);
        OpdException e = Assert.Throws<OpdException>(() => Take(stream, 60));
        Assert.StartsWith($"{_file}, line 51: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_blank_lines_is_refused_instead_of_searched_forever()
    {
        File.WriteAllText(_file, "\n\n  \n");
        Assert.Equal(ErrorCodes.DataLineInvalid, Assert.Throws<OpdException>(() => new ShuffledExamples(_file, 1).Next()).Code);
    }

    [Fact]
    public void Held_out_prompts_stay_so_whatever_is_around_them()
    {
        Write(2000);
        HeldOutSplit split = new(0.1, 3);
        TrainingExample[] examples = [.. DataFile.Read(_file)];
        HashSet<string> heldOut = [.. examples.Where(split.IsHeldOut).Select(e => e.Prompt!)];
        Assert.InRange(heldOut.Count, 150, 250);
        Assert.Equal(heldOut, examples.Reverse().Skip(500).Concat(examples).Where(split.IsHeldOut).Select(e => e.Prompt!).ToHashSet());
        Assert.NotEqual(heldOut, examples.Where(new HeldOutSplit(0.1, 4).IsHeldOut).Select(e => e.Prompt!).ToHashSet());
        Assert.All(examples, e => Assert.False(new HeldOutSplit(0).IsHeldOut(e)));
        Assert.All(examples, e => Assert.True(new HeldOutSplit(1).IsHeldOut(e)));
    }

    [Fact]
    public void A_scan_counts_columns_repetitions_and_wrong_lines()
    {
        File.WriteAllText(_file, "{\"prompt\":\"aa\",\"answer\":1,\"level\":2}\n{\"prompt\":\"aa\"}\nx\n{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}\n");
        DataReport report = DataCheck.Scan(_file);
        Assert.Equal((3, 1, 1, 2, 1), (report.Examples, report.Duplicates, report.Unreadable, report.LongestPrompt, report.LongestPromptLine));
        Assert.Equal(3, Assert.Single(report.Problems).Line);
        Assert.Equal("answer 1, level 1, messages 1, prompt 2", string.Join(", ", report.Columns.Select(c => $"{c.Key} {c.Value}")));
    }

    [Fact]
    public void Examples_that_are_not_kept_never_come()
    {
        string[] prompts = Write(60);
        File.AppendAllText(_file, "\n" + string.Join('\n', prompts[..20].Select(p => $"{{\"prompt\": \"{p}\"}}")));
        IReadOnlySet<long> repeated = DataFile.Repetitions(_file);
        Assert.Equal(20, repeated.Count);
        foreach ((int bytes, int blocks) in new[] { (1 << 20, 32), (64, 3) })
        {
            ShuffledExamples stream = new(_file, 5, (example, place) => !repeated.Contains(place) && example.Prompt != prompts[7], bytes, blocks);
            Assert.Equal(prompts.Where((_, i) => i != 7), Take(stream, 59).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void A_small_file_is_known_as_a_whole_with_its_lines()
    {
        Write(60);
        ShuffledExamples whole = new(_file, 5), part = new(_file, 5, null, 64, 3);
        Assert.True(whole.IsWhole);
        Assert.Equal(Enumerable.Range(1, 60), whole.Loaded.Select(e => e.Line));
        Assert.False(part.IsWhole);
        Assert.InRange(part.Loaded.Count, 1, 20);
    }

    private string[] Write(int count)
    {
        string[] prompts = [.. Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"prompt {i:D4} {new string('x', i % 17)}"))];
        File.WriteAllText(_file, string.Join('\n', prompts.Select(p => $"{{\"prompt\": \"{p}\"}}")), new UTF8Encoding(false));
        return prompts;
    }

    private static string[] Take(ShuffledExamples stream, int count) => [.. Enumerable.Range(0, count).Select(_ => stream.Next().Prompt!)];
}
