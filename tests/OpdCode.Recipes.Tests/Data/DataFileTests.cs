using System.Text;
using OpdCode.Protocol;
using OpdCode.Recipes.Data;

namespace OpdCode.Recipes.Tests.Data;

public sealed class DataFileTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.jsonl");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Bom_crlf_and_empty_lines_are_read_and_counted()
    {
        Write("\uFEFF{\"prompt\": \"a\", \"answer\": 7}\r\n\r\n{\"prompt\": \"b\", \"difficulty\": [1]}");
        TrainingExample[] examples = [.. DataFile.Read(_file)];
        Assert.Equal([("a", "7", 1), ("b", null, 3)], examples.Select(e => (e.Prompt, e.Answer, e.Line)));
        Assert.Equal(1, (int)examples[1].Extra!["difficulty"]![0]!);
    }

    [Fact]
    public void The_last_assistant_turn_of_a_conversation_is_the_completion()
    {
        Write("""{"messages": [{"role": "user", "content": "2+2"}, {"role": "assistant", "content": [{"type": "text", "text": "4"}]}], "privileged_context": "s"}""");
        TrainingExample example = Assert.Single(DataFile.Read(_file));
        Assert.Equal([new ChatMessageRecord("user", "2+2")], example.Messages!);
        Assert.Equal(("4", "s"), (example.Completion, example.PrivilegedContext));
    }

    [Theory]
    [InlineData("{\"prompt\": \"a\"", "not valid JSON at byte")]
    [InlineData("[1]", "the line must be a JSON object")]
    [InlineData("{\"text\": \"a\"}", "has neither \"prompt\" nor \"messages\". Its columns are text.")]
    [InlineData("{\"prompt\": 1}", "\"prompt\" must be a text or a list of messages.")]
    [InlineData("{\"messages\": [{\"role\": \"User\", \"content\": \"\"}]}", "has the role \"User\"")]
    [InlineData("{\"messages\": []}", "the list of messages is empty")]
    [InlineData("{\"prompt\": \"a\"} {\"prompt\": \"b\"}", "not valid JSON")]
    [InlineData("{\"prompt\": \"\\ud800\"}", "half a surrogate pair")]
    public void A_line_that_cannot_be_read_is_named(string line, string what)
    {
        Write("{\"prompt\": \"good\"}\n" + line);
        OpdException e = Assert.Throws<OpdException>(() => DataFile.Read(_file).Count());
        Assert.Equal(ErrorCodes.DataLineInvalid, e.Code);
        Assert.StartsWith($"{_file}, line 2: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_longer_than_the_buffer_are_whole()
    {
        string text = new('x', 1_500_000);
        Write($"{{\"prompt\": \"{text}\"}}\n{{\"prompt\": \"b\"}}\n");
        Assert.Equal([text, "b"], DataFile.Read(_file).Select(e => e.Prompt));
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Assert.Equal(ErrorCodes.FileNotFound, Assert.Throws<OpdException>(() => DataFile.Read("nowhere.jsonl").Count()).Code);

    private void Write(string text) => File.WriteAllText(_file, text, new UTF8Encoding(false));
}
