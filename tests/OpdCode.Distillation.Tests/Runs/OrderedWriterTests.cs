using OpdCode.Distillation.Runs;

namespace OpdCode.Distillation.Tests.Runs;

public sealed class OrderedWriterTests
{
    [Fact]
    public void Everything_is_done_in_order_on_one_other_thread()
    {
        var done = new List<int>();
        var threads = new HashSet<int>();
        using var writer = new OrderedWriter();
        for (int i = 0; i < 1000; i++)
        {
            int n = i;
            writer.Do(() =>
            {
                done.Add(n);
                threads.Add(Environment.CurrentManagedThreadId);
            });
        }
        writer.Wait(writer.Given);
        Assert.Equal(Enumerable.Range(0, 1000), done);
        Assert.NotEqual(Environment.CurrentManagedThreadId, Assert.Single(threads));
    }

    [Fact]
    public void Waiting_for_the_first_does_not_wait_for_the_second()
    {
        using var second = new ManualResetEventSlim();
        using var writer = new OrderedWriter();
        bool first = false;
        writer.Do(() => first = true);
        long place = writer.Given;
        writer.Do(second.Wait);
        writer.Wait(place);
        Assert.True(first);
        second.Set();
    }

    [Fact]
    public void After_a_failure_nothing_is_done_and_everybody_who_waits_learns_of_it()
    {
        bool later = false;
        using var writer = new OrderedWriter();
        writer.Do(() => { });
        long before = writer.Given;
        writer.Wait(before);
        writer.Do(() => throw new IOException("the disk is full"));
        writer.Do(() => later = true);
        for (int i = 0; i < 2; i++) Assert.Equal("the disk is full", Assert.Throws<IOException>(() => writer.Wait(writer.Given)).Message);
        writer.Idle();
        Assert.False(later);
    }

    [Fact]
    public void Disposing_waits_for_what_was_given()
    {
        int done = 0;
        var writer = new OrderedWriter();
        for (int i = 0; i < 100; i++) writer.Do(() => done++);
        writer.Dispose();
        Assert.Equal(100, done);
        Assert.Throws<ObjectDisposedException>(() => writer.Do(() => { }));
    }
}
