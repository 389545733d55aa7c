using System.Text.Json;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Distillation.Tests.Runs;

public sealed class RunReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("opdcode-run-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Files_that_do_not_exist_are_empty()
    {
        Write("events.jsonl", "");
        RunReader run = RunReader.Open(_folder);
        Assert.Null(run.ReadRecipe());
        Assert.Null(run.ReadRunInfo());
        Assert.Empty(run.ReadEvents());
        Assert.Empty(run.ReadMetricLabels());
        Assert.Empty(run.ReadMetrics());
        Assert.Empty(run.ReadAnswers());
        Assert.Empty(run.RolloutSteps());
        Assert.Empty(run.ReadRollouts(10));
    }

    [Fact]
    public void A_folder_without_run_files_is_refused()
    {
        Assert.Equal(ErrorCodes.RunFolder, Assert.Throws<OpdException>(() => RunReader.Open(_folder)).Code);
        Assert.Equal(ErrorCodes.FileNotFound, Assert.Throws<OpdException>(() => RunReader.Open(Path.Combine(_folder, "none"))).Code);
    }

    [Theory]
    [InlineData("{\"step\":2,\"lo")]
    [InlineData("{\"step\":2,\"lo\n")]
    [InlineData("{\"step\":2,\"lo\n\n\n")]
    [InlineData("\0\0\0\0")]
    public void A_torn_last_line_is_left_out(string torn)
    {
        Write("metrics.jsonl", "{\"step\":1,\"loss\":0.5}\n" + torn);
        StepMetrics metrics = Assert.Single(RunReader.Open(_folder).ReadMetrics());
        Assert.Equal(1, metrics.Step);
        Assert.Equal(0.5, metrics.Values["loss"]);
    }

    [Theory]
    [InlineData("metrics.jsonl", "{\"step\":1}", "{\"step\":1,", 3)]
    [InlineData("metrics.jsonl", "{\"step\":1}", "{\"loss\":1}", 3)]
    [InlineData("metrics.jsonl", "{\"step\":1}", "{\"step\":1.5}", 3)]
    [InlineData("metrics.jsonl", "{\"step\":1}", "[]", 3)]
    [InlineData("events.jsonl", "{\"event\":\"started\"}", "null", 3)]
    [InlineData("events.jsonl", "{\"event\":\"started\"}", "{\"event\":\"\\ud800\"}", 3)]
    [InlineData("answers.jsonl", "{\"index\":0,\"prompt\":\"a\"}", "{\"index\":\"zero\",\"prompt\":\"a\"}", 3)]
    public void A_malformed_line_before_the_last_names_file_and_line(string name, string good, string bad, int line)
    {
        Write(name, $"{good}\n\n{bad}\n{good}\n");
        RunReader run = RunReader.Open(_folder);
        OpdException failure = Assert.Throws<OpdException>(() =>
        {
            run.ReadMetrics();
            run.ReadEvents();
            run.ReadAnswers();
        });
        Assert.Equal(ErrorCodes.RunFolder, failure.Code);
        Assert.Contains($"{name}, line {line}:", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_fields_and_a_resumed_step_are_read()
    {
        Write("metrics.jsonl", """
            {"step":2,"loss":9,"accuracy":0.25,"note":"text"}
            {"step":3,"loss":8}
            {"step":2,"loss":"NaN","future":{"a":1}}
            {"step":2,"loss":7}
            """);
        IReadOnlyList<StepMetrics> metrics = RunReader.Open(_folder).ReadMetrics();
        Assert.Equal([2, 3], metrics.Select(line => line.Step));
        Assert.Equal(7, metrics[0].Values["loss"]);
        Assert.Equal(0.25, metrics[0].Values["accuracy"]);
        Assert.False(metrics[0].Values.ContainsKey("note"));
    }

    [Fact]
    public void Rollouts_come_back_as_they_were_written()
    {
        RolloutRecord written = Rollout() with { TeacherLogprobs = [float.NegativeInfinity, -0.25f] };
        WriteRollouts(10, JsonSerializer.Serialize(written, RunJson.Options));
        Write("rollouts/step-7.jsonl", "not named as a run names it");
        RunReader run = RunReader.Open(_folder);
        Assert.Equal([10], run.RolloutSteps());
        RolloutRecord read = Assert.Single(run.ReadRollouts(10));
        Assert.Equal(JsonSerializer.Serialize(written, RunJson.Options), JsonSerializer.Serialize(read, RunJson.Options));
    }

    [Theory]
    [InlineData("\"mask\":[1]", "\"mask\" has 1 entries for 2 tokens")]
    [InlineData("\"charStart\":[0,1]", "\"charStart\" and \"charEnd\"")]
    [InlineData("\"charStart\":[0,1],\"charEnd\":[1,3]", "range 1 to 3 in a response of 2")]
    [InlineData("\"studentTopIds\":[[1],[2]]", "\"studentTopTexts\"")]
    [InlineData("\"teacherTopIds\":[[1],[2]],\"teacherTopTexts\":[[\"a\"],[]],\"teacherTopLogprobs\":[[-1],[-1]]", "teacher at token 1")]
    public void Arrays_that_do_not_fit_are_damage(string members, string words)
    {
        string good = JsonSerializer.Serialize(Rollout(), RunJson.Options);
        string bad = $"{{\"step\":10,\"index\":1,\"prompt\":\"p\",\"response\":\"ab\",\"tokenIds\":[1,2],\"tokenTexts\":[\"a\",\"b\"],{members}}}";
        WriteRollouts(10, good, bad, good);
        OpdException failure = Assert.Throws<OpdException>(() => RunReader.Open(_folder).ReadRollouts(10).ToList());
        Assert.Contains("step-000010.jsonl, line 2:", failure.Message, StringComparison.Ordinal);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_run_object_of_the_recipe_is_read()
    {
        Write("recipe.json", """{"version":1,"name":"x","run":{"id":"r1","studentParameters":112384,"dataHashes":{"a.jsonl":"00"},"later":1}}""");
        RunInfo info = Assert.IsType<RunInfo>(RunReader.Open(_folder).ReadRunInfo());
        Assert.Equal(("r1", 112384L), (info.Id, info.StudentParameters));
        Write("recipe.json", "[]");
        Assert.Contains("recipe.json", Assert.Throws<OpdException>(() => RunReader.Open(_folder).ReadRecipe()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_being_written_can_be_read()
    {
        using FileStream writer = new(Path.Combine(_folder, "metrics.jsonl"), FileMode.Create, FileAccess.Write, FileShare.Read);
        writer.Write("{\"step\":1,\"loss\":1}\n{\"st"u8);
        writer.Flush();
        Assert.Single(RunReader.Open(_folder).ReadMetrics());
    }

    private static RolloutRecord Rollout() => new()
    {
        Step = 10, Index = 0, Prompt = "p", Response = "é\"", TokenIds = [1, 2], TokenTexts = ["é", "\""], Mask = [1, 0],
        CharStart = [0, 1], CharEnd = [1, 2], StudentLogprobs = [-0.1f, -0.2f],
    };

    private void WriteRollouts(int step, params string[] lines) => Write("rollouts/" + RunJson.RolloutFileName(step), string.Join('\n', lines) + "\n");

    private void Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
