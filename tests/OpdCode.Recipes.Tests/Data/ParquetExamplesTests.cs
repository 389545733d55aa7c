using OpdCode.Protocol;
using OpdCode.Recipes.Data;
using Parquet.Schema;
using Parquet.Serialization;

namespace OpdCode.Recipes.Tests.Data;

public sealed class ParquetExamplesTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.parquet");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Rows_are_read_by_the_same_column_names_as_lines()
    {
        ParquetSchema schema = new(
            new DataField<string>("prompt"),
            new ListField("messages", new StructField("element", new DataField<string>("role"), new DataField<string>("content"))),
            new DataField<long?>("answer"),
            new DataField<double>("level"));
        List<IDictionary<string, object?>> rows =
        [
            Row("2+2", [], 4L),
            Row(null, [("user", "3+3"), ("assistant", "6")], null),
            Row(null, [], null),
        ];
        await using (FileStream stream = File.Create(_file)) await ParquetSerializer.SerializeUntypedAsync(rows, schema, stream);
        TrainingExample[] examples = [.. DataFile.Read(_file).Take(2)];
        Assert.Equal(("2+2", "4", 1), (examples[0].Prompt, examples[0].Answer, examples[0].Line));
        Assert.Equal(0.5, (double)examples[0].Extra!["level"]!);
        Assert.Equal([new ChatMessageRecord("user", "3+3")], examples[1].Messages!);
        Assert.Equal("6", examples[1].Completion);
        OpdException e = Assert.Throws<OpdException>(() => DataFile.Read(_file).Count());
        Assert.StartsWith($"{_file}, row 3: has neither", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_refused()
    {
        File.WriteAllText(_file, "PAR1 this is not one");
        Assert.Equal(ErrorCodes.DataLineInvalid, Assert.Throws<OpdException>(() => DataFile.Read(_file).Count()).Code);
    }

    private static Dictionary<string, object?> Row(string? prompt, (string Role, string Content)[] messages, long? answer) => new()
    {
        ["prompt"] = prompt,
        ["messages"] = messages.Select(m => new Dictionary<string, object?> { ["role"] = m.Role, ["content"] = m.Content }).ToList<IDictionary<string, object?>>(),
        ["answer"] = answer,
        ["level"] = 0.5,
    };
}
