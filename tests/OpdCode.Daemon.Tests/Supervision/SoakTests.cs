using System.Globalization;
using System.Text;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Supervision;
using OpdCode.Daemon.Tests.Bench;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;
using Xunit.Abstractions;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Supervision;

/// <summary>A day in minutes: a run that writes faster than any real one, watched as a daemon watches.</summary>
[Collection(BenchTestsCollection.Name)]
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int Batch = 1000;

    /// <summary>OPDCODE_SOAK=1000000 for the million of the issue.</summary>
    [Fact]
    public async Task Memory_stays_flat_over_many_events()
    {
        int events = int.TryParse(Environment.GetEnvironmentVariable("OPDCODE_SOAK"), CultureInfo.InvariantCulture, out int given) ? given : 30_000;
        using var folder = new TemporaryFolder();
        string run = Directory.CreateDirectory(Path.Combine(folder.Path, "soak")).FullName;
        SmallFile.Write(Path.Combine(run, RunFiles.Request), new RunRequest { Created = default, RecipePath = folder.File("a.opd.json"), Recipe = "{}" });
        File.WriteAllText(Path.Combine(run, "events.jsonl"), "{\"time\":\"2026-01-01T00:00:00+00:00\",\"event\":\"started\",\"step\":0}\n");
        using var control = new RunControl();
        using WorkerPresence presence = WorkerPresence.Enter(run, control, "cpu", Attendance.Background, TimeProvider.System);
        control.Apply(RunInput.Load);
        await using var supervisor = new RunSupervisor(new RunsFolder(folder.Path), WorkerLauncher.OfThisProgram(), TimeProvider.System, _ => Task.CompletedTask);
        await supervisor.Open(default);
        long settled = 0;
        int written = 0;
        var lines = new StringBuilder();
        while (written < events)
        {
            lines.Clear();
            for (int i = 0; i < Batch; i++, written++)
                lines.Append(CultureInfo.InvariantCulture, $"{{\"step\":{written},\"loss\":{1.0 / (written + 1)},\"divergence\":0.25,\"gradientNorm\":1.5,\"seconds\":0.001,\"responseTokens\":128}}\n");
            File.AppendAllText(Path.Combine(run, "metrics.jsonl"), lines.ToString());
            if (written % (20 * Batch) == 0) EventFile.Append(run, new Distillation.Runs.RunEvent { Event = "evaluated", Step = written });
            await supervisor.Tick(default);
            supervisor.Catalogue.TakeNews(200);
            supervisor.Catalogue.List(new ListRunsParams());
            if (written % (10 * Batch) == 0) await supervisor.Catalogue.Write(default);
            if (settled == 0 && written >= events / 3) settled = GC.GetTotalMemory(forceFullCollection: true);
        }
        long after = GC.GetTotalMemory(forceFullCollection: true);
        output.WriteLine($"{written} steps; managed memory {settled / 1e6:F2} MB after a third, {after / 1e6:F2} MB at the end");
        Assert.Equal(written - 1, supervisor.Catalogue.Require("soak").Run.Step);
        Assert.True(after - settled < 2_000_000, $"memory grew from {settled} to {after} bytes");
    }
}
