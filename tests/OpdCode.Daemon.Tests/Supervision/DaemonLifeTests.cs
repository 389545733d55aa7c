using System.Globalization;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Tests.Serving;
using OpdCode.Daemon.Work;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Supervision;

/// <summary>The real daemon, as editors start and leave it.</summary>
public sealed class DaemonLifeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<ProcessIdentity> _workers = [];

    private string Runs => _folder.File("runs");

    public void Dispose()
    {
        foreach (ProcessIdentity worker in _workers) worker.Kill();
        SpinWait.SpinUntil(() => !_workers.Exists(w => w.IsAlive), Patience.Limit); // a process that is being ended may hold its folder
        _folder.Dispose();
    }

    /// <summary>OPDCODE_DAEMON_KILLS=20 for the number of the issue.</summary>
    [Fact]
    public async Task The_daemon_is_killed_and_the_worker_never_notices()
    {
        int kills = int.TryParse(Environment.GetEnvironmentVariable("OPDCODE_DAEMON_KILLS"), CultureInfo.InvariantCulture, out int given) ? given : 2;
        string recipe = WriteRecipe(_folder, steps: 1_000_000);
        string? id = null;
        int? worker = null;
        int step = 0;
        for (int i = 0; i <= kills; i++)
        {
            using var daemon = new ServeProcess();
            await daemon.Client.Initialize(_folder.Path, Runs);
            id ??= (await daemon.Client.Result<Run>("runs/start", new StartRunParams { RecipePath = recipe })).Id;
            Run run = await Until(daemon, id, r => r is { State: RunState.Running } && r.Step > step, worker is null);
            Assert.Equal(worker ?? run.WorkerProcess, run.WorkerProcess);
            (worker, step) = (run.WorkerProcess, run.Step);
            if (i == kills)
            {
                await daemon.Client.Result<Run>("runs/stopAndSave", new RunParams { RunId = id });
                run = await Until(daemon, id, r => r.State == RunState.Stopped, isFirst: false);
                RunDetail detail = await daemon.Client.Result<RunDetail>("runs/get", new RunParams { RunId = id });
                Assert.Equal(run.Step, Assert.Single(detail.Checkpoints).Step);
                Assert.Equal(["started", "stopped"], detail.Events.Select(e => e.Event).Where(e => e is not ("evaluated" or "checkpoint")));
                Assert.Equal(Enumerable.Range(0, run.Step + 1), RunReader.Open(run.Folder).ReadMetrics().Select(m => m.Step));
                return;
            }
            daemon.Process.Kill(); // it alone
            await daemon.Process.WaitForExitAsync();
            // The worker holds none of the editor's pipes: the stream has an end at once.
            await daemon.Client.End.WaitAsync(Patience.Limit);
        }
    }

    [Fact]
    public async Task A_client_that_goes_can_have_its_runs_saved_and_ended()
    {
        string recipe = WriteRecipe(_folder, steps: 1_000_000), id;
        using (var daemon = new ServeProcess())
        {
            await daemon.Client.Result("initialize", new InitializeParams
            {
                ProtocolVersion = ProtocolVersion.Current, Client = "test", WorkspaceFolders = [_folder.Path], RunsDirectory = Runs, OnWindowClose = "checkpointAndStop",
            });
            id = (await daemon.Client.Result<Run>("runs/start", new StartRunParams { RecipePath = recipe })).Id;
            await Until(daemon, id, r => r.Step >= 1, isFirst: true);
            await daemon.Close();
        }
        var reader = new RunFolderReader(Path.Combine(Runs, id));
        await Patience.Until(() => RunFolderReader.HasEnded(reader.LastLifeEvent()), () => $"the run did not end: {reader.LastLifeEvent()}");
        Assert.Equal("stopped", reader.LastLifeEvent()?.Event);
        Assert.NotNull(reader.LatestCheckpoint());
    }

    [Fact]
    public async Task Models_and_checkpoints_are_asked_over_the_wire()
    {
        string recipe = WriteRecipe(_folder, steps: 2);
        using var daemon = new ServeProcess();
        await daemon.Client.Initialize(_folder.Path, Runs);
        Run run = await daemon.Client.Result<Run>("runs/start", new StartRunParams { RecipePath = recipe, Name = "asked" });
        run = await Until(daemon, run.Id, r => r.State == RunState.Completed, isFirst: false);
        RunDetail detail = await daemon.Client.Result<RunDetail>("runs/get", new RunParams { RunId = run.Id });
        Checkpoint checkpoint = detail.Checkpoints[^1];

        CheckpointScore score = await daemon.Client.Result<CheckpointScore>("checkpoints/evaluate", new CheckpointParams { RunId = run.Id, Step = 2 });
        Assert.Equal((2, checkpoint.Accuracy, 5), (score.Step, score.Accuracy, score.Prompts)); // as the run itself measured
        TokenFeedback feedback = await daemon.Client.Result<TokenFeedback>("score", new ScoreParams { Student = checkpoint.Folder, Teacher = _folder.File("teacher"), Prompt = "ab", Text = "hello", TopK = 2, ProgressToken = "p" });
        Assert.Equal(("hello", "given", 5), (feedback.Response, feedback.Finish, feedback.TotalTokens));
        Assert.Contains(feedback.Columns, c => c.Name == "divergence" && c.Values.Count == 5 && c.Values.All(v => v >= 0));
        Assert.Equal(2, feedback.TeacherTop![0].Count);
        Generated generated = await daemon.Client.Result<Generated>("generate", new GenerateParams { Model = checkpoint.Folder, Prompt = "ab", MaxNewTokens = 3 });
        Assert.InRange(generated.Tokens, 1, 3);
        await daemon.Client.Result("models/release", new EmptyParams());
        Assert.Equal(ErrorCodes.PathNotAllowed, (await daemon.Client.Error("score", new ScoreParams { Student = Path.GetTempPath(), Teacher = _folder.File("teacher"), Text = "x" })).Code);
        Assert.True(File.Exists((await daemon.Client.Result<WrittenFile>("report/write", new RunParams { RunId = run.Id })).Path));
        Assert.Contains(daemon.Client.Notifications, n => n.GetProperty("method").GetString() == "runs/changed");
        Assert.Null(daemon.Client.Violation);
    }

    private async Task<Run> Until(ServeProcess daemon, string id, Func<Run, bool> reached, bool isFirst)
    {
        return await daemon.Until(id, run =>
        {
            if (isFirst && run.WorkerProcess is int process && ProcessIdentity.BirthOf(process) is { } birth)
            {
                _workers.Add(new ProcessIdentity(process, birth));
                isFirst = false;
            }
            return reached(run);
        });
    }
}
