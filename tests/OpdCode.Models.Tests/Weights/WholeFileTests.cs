using OpdCode.Models.Weights;
using OpdCode.Protocol;

namespace OpdCode.Models.Tests.Weights;

public sealed class WholeFileTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Of_several_who_write_at_once_each_writes_a_whole_file()
    {
        string path = _scratch.At("shared");
        WholeFile.Replace(path, stream => stream.Write(new byte[1000]));
        Task[] writers = [.. Enumerable.Range(1, 4).Select(w => Task.Run(() =>
        {
            byte[] content = [.. Enumerable.Repeat((byte)w, 1000 * w)];
            for (int i = 0; i < 50; i++)
            {
                if (w % 2 == 0) WholeFile.Replace(path, stream => stream.Write(content));
                else WholeFile.ReplaceForNow(path, stream => stream.Write(content));
            }
        }))];
        while (!writers.All(w => w.IsCompleted))
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] read = new byte[stream.Length];
            await stream.ReadExactlyAsync(read);
            Assert.Equal(read[0] == 0 ? 1000 : 1000 * read[0], read.Length);
            Assert.DoesNotContain(read, b => b != read[0]);
        }
        await Task.WhenAll(writers);
        Assert.Equal([path], Directory.GetFiles(_scratch.Path));
    }

    [Fact]
    public void Of_several_who_create_at_once_one_does()
    {
        using var together = new Barrier(4);
        for (int round = 0; round < 50; round++)
        {
            string path = _scratch.At($"new{round}");
            int created = 0;
            Thread[] writers = [.. Enumerable.Range(0, 4).Select(i => new Thread(() =>
            {
                // All have written before the first gives its file the name.
                if (WholeFile.TryCreate(path, stream => { stream.WriteByte((byte)i); together.SignalAndWait(); })) Interlocked.Increment(ref created);
            }))];
            foreach (Thread writer in writers) writer.Start();
            foreach (Thread writer in writers) writer.Join();
            Assert.Equal(1, created);
        }
        Assert.Equal(50, Directory.GetFiles(_scratch.Path).Length);
    }

    [Fact]
    public void What_fails_leaves_what_was_there_and_nothing_else()
    {
        string path = _scratch.At("kept");
        WholeFile.Replace(path, stream => stream.WriteByte(1));
        OpdException refused = Assert.Throws<OpdException>(() => WholeFile.Replace(path, stream =>
        {
            stream.WriteByte(2);
            throw new IOException("no space left on device");
        }));
        Assert.Equal(ErrorCodes.RunFolder, refused.Code);
        Assert.Equal([1], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(_scratch.Path));
        Directory.CreateDirectory(_scratch.At("folder"));
        Assert.Equal(ErrorCodes.RunFolder, Assert.Throws<OpdException>(() => WholeFile.Replace(_scratch.At("folder"), stream => stream.WriteByte(1))).Code);
    }
}
