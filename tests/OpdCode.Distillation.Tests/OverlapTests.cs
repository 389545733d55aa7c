using OpdCode.Distillation.Runs;
using OpdCode.Recipes;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests;

/// <summary>The files are written beside the loop: it goes on while a disk is slow, but never further than one step.</summary>
public sealed class OverlapTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_slow_disk_holds_up_the_update_of_the_next_step_and_nothing_before()
    {
        string recipe = WriteRecipe(_folder, steps: 4, more: """, "checkpoint": { "every": 1, "keep": 0 }"""), whole = _folder.File("whole"), slow = _folder.File("slow");
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe), whole, TimeProvider.System))
            foreach (StepReport _ in session.Run(CancellationToken.None)) continue;

        using var disk = new SlowDisk();
        using (DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe), slow, disk))
        {
            using IEnumerator<StepReport> steps = session.Run(CancellationToken.None).GetEnumerator();
            for (int step = 0; step <= 1; step++) Assert.True(steps.MoveNext());
            session.Settle();

            disk.Stop();
            Assert.True(steps.MoveNext()); // with its files waiting
            Assert.Equal(2, steps.Current.Step);
            Task<bool> next = Task.Run(steps.MoveNext);
            Assert.True(disk.Reached.Wait(s_patience));
            Assert.NotSame(next, await Task.WhenAny(next, Task.Delay(500))); // it would take some 20 ms
            Assert.False(Directory.Exists(Path.Combine(slow, "checkpoints", "checkpoint-2")));

            disk.Go();
            Assert.True(await next);
            Assert.Equal(3, steps.Current.Step);
            while (steps.MoveNext()) continue;
        }
        RunFiles.AssertSame(whole, slow);
    }

    [Fact]
    public void Settling_waits_until_the_step_can_be_read()
    {
        string recipe = WriteRecipe(_folder, steps: 3, more: """, "checkpoint": { "every": 1, "keep": 0 }"""), run = _folder.File("run");
        using DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe, ["record.every=1"]), run, TimeProvider.System);
        foreach (StepReport report in session.Run(CancellationToken.None))
        {
            session.Settle();
            Assert.Equal(report.Step, RunReader.Open(run).ReadMetrics()[^1].Step);
            if (report.Step == 0) continue;
            Assert.Equal(3, RunReader.Open(run).ReadRollouts(report.Step).Count());
            Assert.Equal($"checkpoint-{report.Step}\n", File.ReadAllText(Path.Combine(run, "checkpoints", "latest")));
        }
    }

    // Whoever writes asks for the time; this one keeps the run's writer waiting, and only that.
    private sealed class SlowDisk : TimeProvider, IDisposable
    {
        private readonly ManualResetEventSlim _going = new(initialState: true);

        public ManualResetEventSlim Reached { get; } = new();

        public void Stop() => _going.Reset();

        public void Go() => _going.Set();

        public override DateTimeOffset GetUtcNow()
        {
            if (Thread.CurrentThread.Name == "run writer" && !_going.IsSet)
            {
                Reached.Set();
                _going.Wait(s_patience);
            }
            return base.GetUtcNow();
        }

        public void Dispose()
        {
            _going.Dispose();
            Reached.Dispose();
        }
    }
}
