using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Rollouts;
using OpdCode.Daemon.Serving;
using OpdCode.Daemon.Tests.Reports;
using OpdCode.Protocol;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Rollouts;

public sealed class RolloutIndexTests : IDisposable
{
    private static readonly ListRolloutsParams s_asked = new() { RunId = "a", Sort = "divergence:mean", Descending = true, Limit = 1000 };
    private readonly TemporaryFolder _folder = new();

    public RolloutIndexTests() => new SyntheticRun(Path.Combine(_folder.Path, "a")).Write();

    public void Dispose() => _folder.Dispose();

    private RunsFolder Runs => new(_folder.Path);

    private string Rollouts => Path.Combine(_folder.Path, "a", "rollouts");

    /// <summary>What another daemon would answer.</summary>
    private async Task<RolloutList> List()
    {
        var session = new Session();
        session.Take(new InitializeParams { ProtocolVersion = ProtocolVersion.Current, Client = "test", WorkspaceFolders = [_folder.Path], RunsDirectory = _folder.Path });
        return await RolloutListing.List(new RolloutStore(session), s_asked, default);
    }

    // The text of the rollouts is replaced, with the length and the time that the file had.
    private static void Blind(string file)
    {
        DateTime written = File.GetLastWriteTimeUtc(file);
        File.WriteAllText(file, new string(' ', (int)new FileInfo(file).Length));
        File.SetLastWriteTimeUtc(file, written);
    }

    [Fact]
    public async Task Another_daemon_lists_a_run_without_reading_its_rollouts()
    {
        RolloutList first = await List();
        foreach (string file in Directory.GetFiles(Rollouts)) Blind(file);
        RolloutList second = await List();
        Assert.Equal(first.Total, second.Total);
        Assert.Equal(first.Rollouts, second.Rollouts);
    }

    [Fact]
    public async Task A_file_that_is_not_what_it_was_is_read_anew()
    {
        RolloutList first = await List();
        string file = Directory.GetFiles(Rollouts).Order(StringComparer.Ordinal).Last();
        string[] lines = File.ReadAllLines(file);
        File.WriteAllLines(file, lines[..^1]);
        Assert.Equal(first.Total - 1, (await List()).Total);
        File.AppendAllText(file, lines[^1] + "\n");
        Assert.Equal(first.Rollouts, (await List()).Rollouts);
        File.Delete(file);
        Assert.Equal(first.Total - lines.Length, (await List()).Total);
        // The same length at another time: the index does not know what is in it.
        File.WriteAllLines(file, lines);
        File.SetLastWriteTimeUtc(file, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(first.Total, (await List()).Total);
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"divergence\":[0", "\"divergence\":[9", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(file, new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        Assert.NotEqual(first.Rollouts.Select(r => r.SortValue), (await List()).Rollouts.Select(r => r.SortValue));
    }

    [Fact]
    public async Task What_a_run_adds_is_added_to_the_index()
    {
        RolloutList first = await List();
        string[] files = [.. Directory.GetFiles(Rollouts).Order(StringComparer.Ordinal)];
        File.WriteAllLines(Path.Combine(Rollouts, "step-000999.jsonl"), File.ReadAllLines(files[^1]).Select(line => line.Replace("\"step\":100", "\"step\":999", StringComparison.Ordinal)));
        RolloutList more = await List();
        Assert.True(more.Total > first.Total);
        foreach (string file in Directory.GetFiles(Rollouts)) Blind(file);
        Assert.Equal(more.Rollouts, (await List()).Rollouts);
    }

    [Fact]
    public async Task A_damaged_index_costs_time_and_nothing_else()
    {
        RolloutList first = await List();
        foreach (byte[] damage in (byte[][])[[], new byte[100], [.. Enumerable.Range(0, 20_000).Select(i => (byte)(i * 7))]])
        {
            File.WriteAllBytes(Runs.RolloutsFile, damage);
            Assert.Equal(first.Rollouts, (await List()).Rollouts);
        }
        byte[] whole = File.ReadAllBytes(Runs.RolloutsFile);
        int text = whole.AsSpan().IndexOf("divergence"u8);
        Assert.True(text > 0);
        whole[text] ^= 4; // the database does not notice, its hash does
        File.WriteAllBytes(Runs.RolloutsFile, whole);
        Assert.Equal(first.Rollouts, (await List()).Rollouts);
    }

    [Fact]
    public async Task Rebuilding_the_catalogue_makes_the_index_from_the_folders()
    {
        RolloutList first = await List();
        File.Delete(Runs.RolloutsFile);
        await new RunCatalogue(Runs, TimeProvider.System).Rebuild(default);
        IReadOnlyDictionary<int, IndexedStep> index = await new RolloutIndex(Runs).Load("a", default);
        Assert.Equal(first.Total, index.Values.Sum(s => s.Summaries.DistinctBy(r => r.Index).Count()));
        foreach (string file in Directory.GetFiles(Rollouts)) Blind(file);
        Assert.Equal(first.Rollouts, (await List()).Rollouts);
        Assert.Empty(await new RolloutIndex(Runs).Load("A", default)); // names differ in the size of letters
    }

    [Fact]
    public void A_step_comes_back_as_it_was_kept()
    {
        var figures = new ColumnFigures(0.1, -3, double.NaN, 1e300);
        IndexedStep kept = new(7, 123, new DateTime(2026, 11, 23, 1, 2, 3, DateTimeKind.Utc), [(0, 60), (61, 61)],
        [
            new RolloutSummary { Line = 0, Step = 7, Index = 3, Prompt = "naïve", Response = "", Tokens = 5, Correct = null, Finish = "stop", PromptId = "ab", Columns = new Dictionary<string, ColumnFigures> { ["loss"] = figures } },
            new RolloutSummary { Line = 1, Step = 7, Index = 4, Prompt = "p", Response = "r\n", Tokens = 0, Correct = false, Finish = "length", PromptId = "cd", Columns = new Dictionary<string, ColumnFigures> { ["stage:a"] = figures } },
        ]);
        byte[] bytes = kept.ToBytes();
        IndexedStep read = IndexedStep.Read(bytes);
        Assert.Equal((kept.Step, kept.Length, kept.Written), (read.Step, read.Length, read.Written));
        Assert.Equal(kept.Lines, read.Lines);
        Assert.Equivalent(kept.Summaries, read.Summaries, strict: true);
        Assert.Equal(figures, Assert.Single(read.Summaries[1].Columns).Value);
        bytes[20] ^= 1;
        Assert.Throws<InvalidDataException>(() => IndexedStep.Read(bytes));
    }
}
