using OpdCode.Daemon.Bench.Waiting;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Supervision;
using OpdCode.Protocol;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Catalogue;

/// <summary>The copy that a process begins with says what the database says, or nothing.</summary>
public sealed class RunListFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private RunsFolder Runs => new(_folder.Path);

    private RunSupervisor Daemon() => new(Runs, WorkerLauncher.OfThisProgram(), TimeProvider.System, _ => Task.CompletedTask);

    private DateTime Written => File.GetLastWriteTimeUtc(Runs.CatalogueFile);

    private async Task Settle(int runs)
    {
        for (int i = 0; i < runs; i++) DaemonScene.WriteRun(_folder.Path, i);
        await using RunSupervisor daemon = Daemon();
        await daemon.Open(default);
        await daemon.Settle(1, default);
    }

    [Fact]
    public async Task The_next_process_begins_with_it_and_lists_the_same()
    {
        await Settle(300);
        RunListFile.Copy copy = new RunListFile(Runs).Read(Written)!;
        Assert.Equal(300, copy.Runs.Count);
        IReadOnlyList<CatalogueEntry> database = [.. (await FromDatabase()).OrderBy(e => e.Id, StringComparer.Ordinal)];
        foreach ((CatalogueEntry kept, CatalogueEntry known) in copy.Runs.OrderBy(e => e.Id, StringComparer.Ordinal).Zip(database))
        {
            Assert.Equal((known.Id, known.Stamp, known.Device, known.State, known.Created, known.Archived), (kept.Id, kept.Stamp, kept.Device, kept.State, kept.Created, kept.Archived));
            Assert.Equal(known.Json.ToArray(), kept.Json.ToArray());
        }
        await using RunSupervisor next = Daemon();
        Assert.True(await next.Catalogue.Load(default));
        Assert.Equal(300, next.Catalogue.List(new ListRunsParams { Limit = 10_000 }).Total);
        Assert.Empty(await next.Catalogue.Look(default));
    }

    [Fact]
    public async Task A_copy_of_what_somebody_changed_since_does_not_count()
    {
        await Settle(3);
        byte[] old = File.ReadAllBytes(Runs.ListFile);
        await using (RunSupervisor other = Daemon())
        {
            await other.Open(default);
            await new RunSteering(other, TimeProvider.System).Annotate(new AnnotateRunParams { RunId = "run-00001", Note = "later" }, default);
            await other.Catalogue.Write(default);
        }
        Assert.Equal("later", new RunListFile(Runs).Read(Written)!.Runs.Single(r => r.Id == "run-00001").Run.Note);
        File.WriteAllBytes(Runs.ListFile, old);
        Assert.Null(new RunListFile(Runs).Read(Written));
        await using RunSupervisor next = Daemon();
        await next.Catalogue.Load(default);
        Assert.Equal("later", next.Catalogue.Require("run-00001").Run.Note);
    }

    [Fact]
    public async Task Who_has_not_seen_what_others_wrote_leaves_no_copy()
    {
        await Settle(3);
        await using RunSupervisor one = Daemon(), other = Daemon();
        await one.Open(default);
        await other.Open(default);
        await new RunSteering(other, TimeProvider.System).Annotate(new AnnotateRunParams { RunId = "run-00001", Note = "theirs" }, default);
        await other.Catalogue.Write(default);
        one.Catalogue.Keep();
        Assert.Null(new RunListFile(Runs).Read(Written));
        await new RunSteering(one, TimeProvider.System).Annotate(new AnnotateRunParams { RunId = "run-00002", Note = "ours" }, default);
        await one.Catalogue.Write(default);
        one.Catalogue.Keep();
        Assert.Null(new RunListFile(Runs).Read(Written));
        Assert.Contains("run-00001", await one.Catalogue.Look(default)); // though it wrote last itself
        one.Catalogue.Keep();
        Assert.Equal(["ours", "theirs"], new RunListFile(Runs).Read(Written)!.Runs.Select(r => r.Run.Note).OfType<string>().Order());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(1000)]
    public async Task A_damaged_copy_does_not_count(int length)
    {
        await Settle(5);
        byte[] bytes = File.ReadAllBytes(Runs.ListFile);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(Runs.ListFile, length == 1000 ? bytes : bytes[..length]);
        Assert.Null(new RunListFile(Runs).Read(Written));
        await using RunSupervisor next = Daemon();
        Assert.True(await next.Catalogue.Load(default));
        Assert.Equal(5, next.Catalogue.List(new ListRunsParams()).Total);
    }

    [Fact]
    public async Task What_was_read_ahead_is_taken_over_once_and_for_its_own_folder_only()
    {
        await Settle(4);
        var rehearsed = new TaskCompletionSource();
        var ahead = new CatalogueAhead(TimeProvider.System, () => rehearsed.TrySetResult());
        ahead.Begin(Runs);
        RunCatalogue read = await ahead.Of(Runs, default);
        Assert.Equal(4, read.All.Count());
        await rehearsed.Task.WaitAsync(Patience.Limit);
        Assert.Empty((await ahead.Of(Runs, default)).All);
        ahead.Begin(Runs);
        Assert.Empty((await ahead.Of(new RunsFolder(Path.Combine(_folder.Path, "other")), default)).All);
    }

    private async Task<IReadOnlyList<CatalogueEntry>> FromDatabase()
    {
        byte[] copy = File.ReadAllBytes(Runs.ListFile);
        File.Delete(Runs.ListFile);
        IReadOnlyList<CatalogueEntry> known = await new CatalogueFile(Runs).Load(default);
        File.WriteAllBytes(Runs.ListFile, copy);
        return known;
    }
}
