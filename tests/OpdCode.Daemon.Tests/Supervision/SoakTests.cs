using System.Globalization;
using System.Text;
using System.Text.Json;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Serving;
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
    // A day of steps that take a tenth of a second, each twentieth with an event of its own.
    private const int Events = 1_000_000, Batch = 1000, Every = 20;
    private static readonly JsonSerializerOptions s_wire = ProtocolJson.Create().WithColumns();

    [Fact]
    public async Task Memory_stays_flat_over_a_million_events()
    {
        using var folder = new TemporaryFolder();
        string run = Directory.CreateDirectory(Path.Combine(folder.Path, "soak")).FullName;
        SmallFile.Write(Path.Combine(run, RunFiles.Request), new RunRequest { Created = default, RecipePath = folder.File("a.opd.json"), Recipe = "{}" });
        File.WriteAllText(Path.Combine(run, "events.jsonl"), "{\"time\":\"2026-01-01T00:00:00+00:00\",\"event\":\"started\",\"step\":0}\n");
        using var control = new RunControl();
        using WorkerPresence presence = WorkerPresence.Enter(run, control, "cpu", Attendance.Background, TimeProvider.System);
        control.Apply(RunInput.Load);
        await using var supervisor = new RunSupervisor(new RunsFolder(folder.Path), WorkerLauncher.OfThisProgram(), TimeProvider.System, _ => Task.CompletedTask);
        await supervisor.Open(default);
        long settled = 0, told = 0;
        int step = 0, written = 0;
        var lines = new StringBuilder();
        var happened = new StringBuilder();
        while (written < Events)
        {
            lines.Clear();
            happened.Clear();
            for (int i = 0; i < Batch; i++, step++, written++)
            {
                lines.Append(CultureInfo.InvariantCulture, $"{{\"step\":{step},\"loss\":{1.0 / (step + 1)},\"divergence\":0.25,\"gradientNorm\":1.5,\"seconds\":0.001,\"responseTokens\":128}}\n");
                if (step % Every != 0) continue;
                happened.Append(CultureInfo.InvariantCulture, $"{{\"time\":\"2026-01-01T00:00:00+00:00\",\"event\":\"warning\",\"step\":{step},\"message\":\"number {step}\"}}\n");
                written++;
            }
            File.AppendAllText(Path.Combine(run, "metrics.jsonl"), lines.ToString());
            File.AppendAllText(Path.Combine(run, "events.jsonl"), happened.ToString());
            await supervisor.Tick(default);
            told += JsonSerializer.SerializeToUtf8Bytes(supervisor.Catalogue.TakeNews(200), ProtocolJson.Options).Length;
            told += JsonSerializer.SerializeToUtf8Bytes(supervisor.Catalogue.List(new ListRunsParams()), s_wire).Length;
            if (step % (10 * Batch) == 0) await supervisor.Catalogue.Write(default);
            if (settled == 0 && written >= Events / 3) settled = GC.GetTotalMemory(forceFullCollection: true);
        }
        long after = GC.GetTotalMemory(forceFullCollection: true), catalogue = new FileInfo(supervisor.Runs.CatalogueFile).Length;
        output.WriteLine($"{written} events, {told / 1e6:F1} MB told; managed memory {settled / 1e6:F2} MB after a third, {after / 1e6:F2} MB at the end; catalogue {catalogue / 1e3:F0} kB");
        Assert.Equal(step - 1, supervisor.Catalogue.Require("soak").Run.Step);
        // Three bytes an event would be seen.
        Assert.True(after - settled < 2_000_000, $"memory grew from {settled} to {after} bytes");
        Assert.True(catalogue < 1_000_000, $"the catalogue of one run has {catalogue} bytes");
    }
}
