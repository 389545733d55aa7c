using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using OpdCode.Daemon.Commands;
using OpdCode.Daemon.Reports;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Reports;

public sealed class RunReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("opdcode-report-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The page stays beside the test's binaries, so that a person can look at it.</summary>
    [Fact]
    public void Report_of_a_realistic_run_holds_all_of_it()
    {
        string sample = Path.Combine(AppContext.BaseDirectory, "report-sample");
        SyntheticRun run = new(sample);
        run.Write();
        ReportSummary summary = RunReport.Write(sample);
        Assert.Equal(Path.Combine(sample, "report.html"), summary.Path);
        Assert.Equal(11 * run.RolloutsPerStep, summary.Rollouts);
        JsonElement data = DataOf(File.ReadAllText(summary.Path));
        Assert.Equal(11, data.GetProperty("steps").GetArrayLength());
        Assert.Equal(201, data.GetProperty("curves").GetProperty("steps").GetArrayLength());
        Assert.Equal(60, data.GetProperty("answers").GetProperty("total").GetInt32());
        Assert.Equal("arithmetic", data.GetProperty("recipe").GetProperty("name").GetString());
        Assert.Equal(0, data.GetProperty("leftOutSteps").GetArrayLength());
    }

    [Fact]
    public void Hostile_text_stays_text()
    {
        string hostile = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> \u202E\u2066\u001B[31m\u0000\u2028 {{data}} {{style}}";
        WriteHostile(hostile);
        string page = File.ReadAllText(RunReport.Write(_folder).Path);
        JsonElement rollout = DataOf(page).GetProperty("steps")[0].GetProperty("rollouts")[0];
        Assert.Equal(hostile, rollout.GetProperty("response").GetString());
        Assert.Equal(hostile, rollout.GetProperty("tokenTexts")[0].GetString());
        Assert.Equal(hostile, DataOf(page).GetProperty("recipe").GetProperty("name").GetString());
        Assert.Equal(3, Regex.Count(page, "<script", RegexOptions.IgnoreCase)); // data, library, page
        Assert.Equal(3, Regex.Count(page, "</script", RegexOptions.IgnoreCase));
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.DoesNotContain(page, character => character is '\u202E' or '\u2066' or '\u001B' or '\0' or '\u2028');
    }

    [Fact]
    public void Policy_allows_exactly_the_scripts_and_styles_of_the_page()
    {
        WriteHostile("text");
        string page = File.ReadAllText(RunReport.Write(_folder).Path);
        string policy = Regex.Match(page, "http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\"").Groups[1].Value;
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        string[] allowed = [.. Regex.Matches(policy, "'(sha256-[^']+)'").Select(match => match.Groups[1].Value)];
        string[] present =
        [
            .. Regex.Matches(page, "<script>(.*?)</script>|<style>(.*?)</style>", RegexOptions.Singleline)
                .Select(match => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(match.Groups[1].Value + match.Groups[2].Value)))),
        ];
        Assert.Equal(3, present.Length);
        Assert.Equal(allowed.Order(StringComparer.Ordinal), present.Order(StringComparer.Ordinal));
        Assert.DoesNotMatch("\\s(style|on[a-z]+|src)=|https?:", ReportPage.Resource("report.html"));
    }

    [Fact]
    public void Page_scripts_set_text_and_never_markup()
    {
        foreach (string name in ReportPage.ScriptNames)
        {
            string script = ReportPage.Resource(name);
            Assert.DoesNotMatch("innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\(|new Function|fetch\\(|XMLHttpRequest|</script|<!--|https?:", script);
            Assert.InRange(script.Count(character => character == '\n'), 1, 500);
        }
    }

    [Fact]
    public void Missing_files_give_a_page_that_says_so()
    {
        File.WriteAllText(Path.Combine(_folder, "events.jsonl"), "{\"time\":\"2025-11-04T09:30:00Z\",\"event\":\"started\"}\n");
        ReportSummary summary = RunReport.Write(_folder);
        Assert.Equal(0, summary.Rollouts);
        JsonElement data = DataOf(File.ReadAllText(summary.Path));
        Assert.Equal(JsonValueKind.Null, data.GetProperty("recipe").ValueKind);
        Assert.Equal(0, data.GetProperty("answers").GetProperty("total").GetInt32());
    }

    [Fact]
    public void Size_is_bounded_and_what_is_left_out_is_named()
    {
        SyntheticRun run = new(_folder);
        run.Write();
        run.WriteLines("rollouts/" + RunJson.RolloutFileName(200), [Rollout(200, new string('x', 1_000_000)), Rollout(200, "short")]);
        ReportOptions options = new() { RolloutBytes = 300_000, AnswerBytes = 5_000, CurvePoints = 50 };
        ReportSummary summary = RunReport.Write(_folder, options: options);
        Assert.InRange(new FileInfo(summary.Path).Length, 1, 600_000);
        JsonElement data = DataOf(File.ReadAllText(summary.Path));
        int[] shown = [.. data.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("step").GetInt32())];
        int[] leftOut = [.. data.GetProperty("leftOutSteps").EnumerateArray().Select(step => step.GetInt32())];
        Assert.Equal([1, 200], [shown[0], shown[^1]]); // first and last always; then the newest
        Assert.NotEmpty(leftOut);
        Assert.True(leftOut.Max() < shown[1]);
        Assert.InRange(data.GetProperty("leftOutRollouts").GetInt32(), 1, 20);
        Assert.InRange(data.GetProperty("curves").GetProperty("steps").GetArrayLength(), 40, 70);
        Assert.Equal(201, data.GetProperty("curves").GetProperty("recordedSteps").GetInt32());
        Assert.InRange(data.GetProperty("answers").GetProperty("shown").GetArrayLength(), 1, 59);
    }

    [Fact]
    public void Steps_that_were_asked_for_are_the_ones_shown()
    {
        new SyntheticRun(_folder).Write();
        RunReport.Write(_folder, options: new ReportOptions { Steps = [40, 160] });
        JsonElement data = DataOf(File.ReadAllText(Path.Combine(_folder, "report.html")));
        Assert.Equal([40, 160], data.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("step").GetInt32()));
        OpdException failure = Assert.Throws<OpdException>(() => RunReport.Write(_folder, options: new ReportOptions { Steps = [41] }));
        Assert.Equal(ErrorCodes.RunFolder, failure.Code);
        Assert.Contains("Step 41", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Infinite_log_probabilities_and_resumed_steps_survive()
    {
        RolloutRecord rollout = Rollout(1, "a") with { TeacherLogprobs = [float.NegativeInfinity] };
        SyntheticRun run = new(_folder);
        run.WriteLines("rollouts/" + RunJson.RolloutFileName(1), [rollout]);
        run.WriteLines(
            "metrics.jsonl",
            [
                new StepMetrics(1, new Dictionary<string, double> { ["loss"] = 3, ["accuracy"] = 0.5 }),
                new StepMetrics(1, new Dictionary<string, double> { ["loss"] = double.NaN }),
                new StepMetrics(2, new Dictionary<string, double> { ["loss"] = 1 }),
            ]);
        JsonElement data = DataOf(File.ReadAllText(RunReport.Write(_folder).Path));
        Assert.Equal("-Infinity", data.GetProperty("steps")[0].GetProperty("rollouts")[0].GetProperty("teacherLogprobs")[0].GetString());
        JsonElement columns = data.GetProperty("curves").GetProperty("columns");
        Assert.Equal("[null,1]", columns.GetProperty("loss").GetRawText());
        Assert.Equal("[0.5,null]", columns.GetProperty("accuracy").GetRawText());
    }

    [Fact]
    public void Command_prints_one_json_object_on_stdout()
    {
        new SyntheticRun(_folder).Write();
        string page = Path.Combine(_folder, "elsewhere", "page.html");
        (int code, string stdout, string stderr) = Invoke(_folder, "--out", page, "--json");
        Assert.Equal((0, ""), (code, stderr));
        JsonElement answer = JsonDocument.Parse(stdout).RootElement;
        Assert.Equal(page, answer.GetProperty("path").GetString());
        Assert.Equal(66, answer.GetProperty("rollouts").GetInt32());
        Assert.True(File.Exists(page));
    }

    [Fact]
    public void Command_says_what_is_wrong_with_the_folder()
    {
        (int code, string stdout, string stderr) = Invoke(Path.Combine(_folder, "no-such-run"), "--json");
        Assert.Equal((1, ""), (code, stdout));
        Assert.StartsWith("OPD1002 There is no folder", stderr, StringComparison.Ordinal);
        Assert.StartsWith("OPD3003", Invoke(_folder).Stderr, StringComparison.Ordinal); // a folder, but of no run
    }

    private static (int Code, string Stdout, string Stderr) Invoke(params string[] arguments)
    {
        using StringWriter stdout = new(), stderr = new();
        int code = ReportCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = stdout, Error = stderr });
        return (code, stdout.ToString(), stderr.ToString());
    }

    private void WriteHostile(string text)
    {
        SyntheticRun run = new(_folder);
        run.WriteLines("rollouts/" + RunJson.RolloutFileName(1), [Rollout(1, text)]);
        run.WriteLines("answers.jsonl", [new AnswerRecord { Index = 0, Prompt = text, Before = text, After = text }]);
        run.WriteLines("events.jsonl", [new RunEvent { Event = text, Message = text }]);
        File.WriteAllText(
            Path.Combine(_folder, "recipe.json"),
            JsonSerializer.Serialize(new Dictionary<string, string> { ["name"] = text, [text] = text }, RunJson.Options));
        File.WriteAllText(
            Path.Combine(_folder, "metrics.labels.json"),
            JsonSerializer.Serialize(new Dictionary<string, MetricLabel> { [text] = new() { Title = text } }, RunJson.Options));
        File.WriteAllText(
            Path.Combine(_folder, "metrics.jsonl"),
            JsonSerializer.Serialize(new StepMetrics(1, new Dictionary<string, double> { [text] = 1, ["loss"] = 2 }), RunJson.Options) + "\n");
    }

    private static RolloutRecord Rollout(int step, string text) => new()
    {
        Step = step, Index = 0, Prompt = text, Response = text, TokenIds = [5], TokenTexts = [text], CharStart = [0], CharEnd = [text.Length],
        StudentLogprobs = [-0.1f], TeacherLogprobs = [-3f],
        StudentTopIds = [[5]], StudentTopTexts = [[text]], StudentTopLogprobs = [[-0.1f]],
    };

    private static JsonElement DataOf(string page)
    {
        const string Open = "<script type=\"application/json\" id=\"data\">";
        int start = page.IndexOf(Open, StringComparison.Ordinal) + Open.Length;
        int end = page.IndexOf("</script", start, StringComparison.OrdinalIgnoreCase); // as a browser ends it
        return JsonDocument.Parse(page[start..end]).RootElement;
    }
}
