using System.Text;
using LiteDB;
using OpdCode.Daemon.Catalogue;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Catalogue;

public sealed class CatalogueContentTests : IDisposable
{
    private readonly MemoryStream _memory = new();
    private readonly LiteDatabase _database;
    private readonly CatalogueContent _content;

    public CatalogueContentTests() => _content = new CatalogueContent(_database = new LiteDatabase(_memory), Place);

    private static string Place => Path.Combine(Path.GetTempPath(), "runs");

    public void Dispose()
    {
        _database.Dispose();
        _memory.Dispose();
    }

    private static CatalogueEntry Entry(int i, string name = "a") => new(new Run
    {
        Id = $"run-{i:D4}", Folder = Path.Combine(Place, $"run-{i:D4}"), Name = name, State = (RunState)(i % 5), Step = i, Steps = 9, Created = DateTimeOffset.UnixEpoch.AddDays(i),
        Archived = i % 3 == 0, Latest = new Dictionary<string, double> { ["loss"] = i / 8.0 }, Note = i % 7 == 0 ? "naïve \"note\"\n" : null,
    }) { Stamp = $"stamp {i}", Device = "cuda:1" };

    private long Documents(string collection) => _database.GetCollection(collection).Count();

    [Fact]
    public void Runs_come_back_as_they_were_written()
    {
        CatalogueEntry[] written = [.. Enumerable.Range(0, 600).Select(i => Entry(i))];
        long revision = _content.Write(written, [], 0);
        Assert.Equal(3, Documents("pages_3"));
        var all = _content.All();
        Assert.Equal(600, all.Count);
        foreach (CatalogueEntry entry in written)
        {
            (CatalogueEntry? read, long at) = all[entry.Id];
            Assert.Equal((revision, entry.Stamp, entry.Device, entry.State, entry.Created, entry.Archived, false), (at, read!.Stamp, read.Device, read.State, read.Created, read.Archived, read.Alive));
            Assert.Equal(Encoding.UTF8.GetString(entry.Json.Span), Encoding.UTF8.GetString(read.Json.Span));
            Assert.Equal((entry.Run.Name, entry.Run.Note, entry.Run.Latest["loss"]), (read.Run.Name, read.Run.Note, read.Run.Latest["loss"]));
        }
    }

    [Fact]
    public void A_change_is_one_document_and_the_blocks_stay_what_they_are()
    {
        _content.Write([.. Enumerable.Range(0, 600).Select(i => Entry(i))], [], 0);
        byte[][] before = Blocks();
        long changed = _content.Write([Entry(7, "b")], [], 0), removed = _content.Write([], ["run-0009"], 0);
        Assert.Equal(before, Blocks());
        Assert.Equal(2, Documents("recent_3"));
        Assert.Equal(("b", changed), (_content.All()["run-0007"].Entry!.Run.Name, _content.All()["run-0007"].Revision));
        Assert.Equal((null, removed), _content.All()["run-0009"]);

        byte[][] Blocks() => [.. _database.GetCollection("pages_3").FindAll().Select(d => d["rows"].AsBinary)];
    }

    [Fact]
    public void Many_changes_are_put_into_blocks_and_nothing_is_lost()
    {
        _content.Write([.. Enumerable.Range(0, 600).Select(i => Entry(i))], [], 0);
        for (int i = 0; i < 2 * CataloguePage.Most; i++) _content.Write([Entry(i, "b")], i % 2 == 0 ? [$"run-{599 - i:D4}"] : [], 0);
        Assert.True(Documents("recent_3") <= CataloguePage.Most);
        Dictionary<string, (CatalogueEntry? Entry, long Revision)> all = _content.All();
        string[] expected = [.. Enumerable.Range(0, 600).Where(i => !IsGone(i)).Select(i => $"run-{i:D4}")];
        Assert.Equal(expected, all.Where(row => row.Value.Entry is not null).Select(row => row.Key).Order(StringComparer.Ordinal));
        Assert.All(expected, id => Assert.Equal(int.Parse(id[4..], System.Globalization.CultureInfo.InvariantCulture) < 512 ? "b" : "a", all[id].Entry!.Run.Name));

        // Removed in the round of 599 − i, unless its own round came later and wrote it again.
        static bool IsGone(int i) => i % 2 == 1 && (i >= 512 || 599 - i > i) && 599 - i < 512;
    }

    [Fact]
    public void What_changed_is_found_beside_the_blocks_and_in_them()
    {
        long first = _content.Write([.. Enumerable.Range(0, 300).Select(i => Entry(i))], [], 0);
        Assert.Empty(_content.ChangedSince(first));
        long second = _content.Write([Entry(5, "b")], ["run-0006"], first);
        Assert.Equal(["run-0005", "run-0006"], _content.ChangedSince(first).Order());
        Assert.Empty(_content.ChangedSince(second));
        _content.Write([.. Enumerable.Range(1000, 300).Select(i => Entry(i))], [], second); // puts all into blocks
        Assert.Equal(0, Documents("recent_3"));
        Assert.Equal(300, _content.ChangedSince(second).Count);
        Assert.Contains("run-0005", _content.ChangedSince(first));
    }

    [Fact]
    public void A_folder_that_was_moved_has_its_new_place()
    {
        _content.Write([.. Enumerable.Range(0, 300).Select(i => Entry(i))], [], 0);
        string moved = Path.Combine(Path.GetTempPath(), "moved");
        CatalogueEntry entry = new CatalogueContent(_database, moved).All()["run-0004"].Entry!;
        Assert.Equal((Path.Combine(moved, "run-0004"), "stamp 4"), (entry.Run.Folder, entry.Stamp));
        Assert.Contains("moved", Encoding.UTF8.GetString(entry.Json.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_block_is_found()
    {
        byte[] page = CataloguePage.Write([(Entry(1), 1)], Place);
        Assert.Single(CataloguePage.Read(page, Place));
        foreach (int at in (int[])[0, page.Length / 2, page.Length - 1])
        {
            byte[] damaged = [.. page];
            damaged[at] ^= 4;
            Assert.Throws<InvalidDataException>(() => CataloguePage.Read(damaged, Place));
        }
        Assert.Throws<InvalidDataException>(() => CataloguePage.Read(page[..20], Place));
    }
}
