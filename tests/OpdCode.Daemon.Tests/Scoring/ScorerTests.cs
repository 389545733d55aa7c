using System.Text.Json;
using OpdCode.Daemon.Scoring;
using OpdCode.Daemon.Supervision;
using OpdCode.Daemon.Work;
using OpdCode.Distillation.Feedback;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Scoring;

public sealed class ScorerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _student, _teacher;

    public ScorerTests() => (_student, _teacher) = (Write(_folder.File("student"), 1, gain: 4), Write(_folder.File("teacher"), 2, hidden: 48, gain: 6));

    public void Dispose() => _folder.Dispose();

    private static Scorer Start(TimeProvider? time = null) => new(WorkerLauncher.OfThisProgram(), time ?? TimeProvider.System, TimeSpan.FromMinutes(5));

    private ScoreParams Text(string text) => new() { Student = _student, Teacher = _teacher, Prompt = "ab", Text = text, TopK = 3 };

    [Fact]
    public async Task A_text_is_scored_as_training_would_and_the_models_stay_loaded()
    {
        using Scorer scorer = Start();
        var told = new List<string>();
        string line = await scorer.Score(Text("hello"), (message, _) => { lock (told) told.Add(message); }, default);
        int process = scorer.ProcessId!.Value;
        RolloutRecord scored = JsonSerializer.Deserialize<RolloutRecord>(line, RunJson.Options)!;
        using LanguageModel student = LanguageModel.Load(_student, torch.CPU);
        using var judge = new TeacherSignal(LanguageModel.Load(_teacher, torch.CPU));
        IObjective objective = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "reverse-kl" });
        RolloutRecord expected = TextScorer.Score(student, judge, objective, student.EncodePlain("ab"), student.Tokenizer.Encode("hello", SpecialTokens.None).Ids, 3);
        Assert.Equal(JsonSerializer.Serialize(expected with { Finish = "given" }, RunJson.Options), JsonSerializer.Serialize(scored, RunJson.Options));
        lock (told) Assert.Equal(["Loading student", "Loading teacher", "Scoring 5 tokens with teacher"], told);

        await scorer.Score(Text("again"), (message, _) => { lock (told) told.Add(message); }, default);
        lock (told) Assert.Equal("Scoring 5 tokens with teacher", Assert.Single(told.Skip(3)));
        Assert.Equal(process, scorer.ProcessId);
        Generated generated = await scorer.Generate(new GenerateParams { Model = _student, Prompt = "ab", Prefix = "c", MaxNewTokens = 5 }, (_, _) => { }, default);
        Assert.InRange(generated.Tokens, 1, 5);
        Assert.Equal(generated, await scorer.Generate(new GenerateParams { Model = _student, Prompt = "ab", Prefix = "c", MaxNewTokens = 5 }, (_, _) => { }, default));

        OpdException refused = await Assert.ThrowsAsync<OpdException>(() => scorer.Score(Text("x") with { Divergence = "no-such" }, (_, _) => { }, default));
        Assert.Equal(ErrorCodes.ObjectiveInvalid, refused.Code);
        Assert.Equal(ErrorCodes.RequestInvalid, (await Assert.ThrowsAsync<OpdException>(() => scorer.Score(Text(""), (_, _) => { }, default))).Code);

        await scorer.Release();
        Assert.Null(scorer.ProcessId);
        await Gone(process);
        await scorer.Close();
    }

    [Fact]
    public async Task The_process_ends_when_nothing_is_asked_and_a_killed_one_is_told_and_replaced()
    {
        var time = new ManualTime();
        using Scorer scorer = Start(time);
        await scorer.Generate(new GenerateParams { Model = _student, Prompt = "ab", MaxNewTokens = 2 }, (_, _) => { }, default);
        int process = scorer.ProcessId!.Value;
        time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(process, scorer.ProcessId);
        await scorer.Generate(new GenerateParams { Model = _student, Prompt = "ab", MaxNewTokens = 2 }, (_, _) => { }, default);
        time.Advance(TimeSpan.FromMinutes(4)); // counted from the last question
        Assert.Equal(process, scorer.ProcessId);
        time.Advance(TimeSpan.FromMinutes(2));
        await Gone(process);
        await Patience.Until(() => scorer.ProcessId is null, () => "the scorer is not let go of"); // the process is gone a moment before its owner knows

        // Minutes of work, so that however late the first word about it arrives, the process is killed in the midst of it.
        string slow = Write(_folder.File("slow"), 7, hidden: 512, layers: 8, context: 32_768);
        Task<Generated> asked = scorer.Generate(new GenerateParams { Model = slow, Prompt = "ab", MaxNewTokens = 32_000 }, (message, _) =>
        {
            if (scorer.ProcessId is int id) new ProcessIdentity(id, ProcessIdentity.BirthOf(id) ?? "").Kill();
        }, default);
        Assert.Equal(ErrorCodes.WorkerLost, (await Assert.ThrowsAsync<OpdException>(() => asked)).Code);
        Assert.NotEmpty((await scorer.Generate(new GenerateParams { Model = _student, Prompt = "ab", MaxNewTokens = 2 }, (_, _) => { }, default)).Finish);
        await scorer.Close();
    }

    [Fact]
    public async Task A_process_that_cannot_start_is_not_waited_for()
    {
        using var scorer = new Scorer(new WorkerLauncher(Environment.ProcessPath!, [_folder.File("no-such.dll")]), TimeProvider.System, TimeSpan.FromMinutes(5));
        OpdException failure = await Assert.ThrowsAsync<OpdException>(() => scorer.Score(Text("hello"), (_, _) => { }, default));
        Assert.Equal(ErrorCodes.WorkerLost, failure.Code);
        Assert.Contains("ended with exit code", failure.Message, StringComparison.Ordinal);
        Assert.Null(scorer.ProcessId);
    }

    [Fact]
    public void The_least_used_model_gives_way_and_one_that_was_replaced_is_loaded_anew()
    {
        using var shelf = new ModelShelf(places: 2);
        int loads = 0;
        LanguageModel student = shelf.Take(_student, () => loads++);
        shelf.Take(_teacher, () => loads++);
        Assert.Same(student, shelf.Take(_student, () => loads++));
        Assert.Equal(2, loads);
        string third = Write(_folder.File("third"), 3);
        shelf.Take(third, () => loads++);
        Assert.Equal([third, _student], shelf.Folders);
        Write(_student, 9);
        File.SetLastWriteTimeUtc(Path.Combine(_student, "model.safetensors"), DateTime.UnixEpoch);
        Assert.NotSame(student, shelf.Take(_student, () => loads++));
        Assert.Equal(4, loads);
    }

    private static Task Gone(int process) => Patience.Until(() => ProcessIdentity.BirthOf(process) is null, () => $"process {process} is still there");
}
