using System.Diagnostics;
using System.Globalization;
using OpdCode.Daemon.Tests.Commands;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Tests;
using OpdCode.Protocol;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Runs;

/// <summary>The real executable, interrupted from outside: by a signal, and by a disk that is full or read-only.</summary>
public sealed class InterruptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _recipe;

    public InterruptTests() => _recipe = Recipe(steps: 60);

    private string Recipe(int steps) => WriteRecipe(_folder, steps: steps, more: """, "checkpoint": { "keep": 0 }""");

    public void Dispose() => _folder.Dispose();

    /// <summary>Windows can send Ctrl+Break to one process and its children, and Ctrl+C to nobody alone; both ask the same.</summary>
    public static TheoryData<string> Signals => OperatingSystem.IsWindows() ? ["BREAK"] : InterruptsAreIgnored ? ["TERM"] : ["INT", "TERM"];

    // Whoever was started in the background of a shell without job control (nohup, cron) was told to ignore Ctrl+C, and hands that on.
    private static bool InterruptsAreIgnored => OperatingSystem.IsLinux()
        && File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is var mask
        && (ulong.Parse(mask["SigIgn:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1UL << (Interrupt - 1)) != 0;

    private const int Interrupt = 2;

    [Theory, MemberData(nameof(Signals))]
    public async Task The_first_signal_stops_and_saves(string signal)
    {
        string run = _folder.File("run"), whole = _folder.File("whole"), recipe = _recipe;
        int steps = 60;
        // A signal that comes after the last step is sent again to a longer run.
        while (await Interrupted(recipe, run, signal) is 0)
        {
            Assert.InRange(steps *= 4, 0, 100_000);
            recipe = Recipe(steps);
            Directory.Delete(run, recursive: true);
        }
        RunEvent last = RunReader.Open(run).ReadEvents()[^1];
        Assert.Equal("stopped", last.Event);
        Assert.InRange(last.Step, 0, steps - 1);
        Assert.Equal($"checkpoint-{last.Step}\n", File.ReadAllText(Path.Combine(run, "checkpoints", "latest")));
        await OpdCodeProcess.Succeed("resume", run);
        await OpdCodeProcess.Succeed("run", recipe, "--out", whole);
        RunFiles.AssertSame(whole, run);
    }

    // Starts a run, interrupts it after its first line, and gives its exit code: 130, or 0 when it was done by then.
    private static async Task<int> Interrupted(string recipe, string run, string signal)
    {
        using Process process = Start("dotnet", "run", recipe, "--out", run);
        Task<string> error = process.StandardError.ReadToEndAsync();
        await Patience.Until(() => File.Exists(Path.Combine(run, "metrics.jsonl")) || process.HasExited, () => "the run did not begin");
        await Interruption.Send(process, signal);
        await process.WaitForExitAsync();
        if (process.ExitCode == 0) return 0;
        Assert.True(process.ExitCode == 130, await error);
        Assert.Contains("Stopping after this step", await error, StringComparison.Ordinal);
        return process.ExitCode;
    }

    /// <summary>A tmpfs of 2 MB where the system lets the test mount one; elsewhere a checkpoint folder that cannot be made.</summary>
    [Fact]
    public async Task A_full_disk_fails_the_run_clearly_and_with_more_room_it_goes_on()
    {
        string disk = Directory.CreateDirectory(_folder.File("disk")).FullName, run = _folder.File("run"), whole = _folder.File("whole");
        await OpdCodeProcess.Succeed("run", _recipe, "--out", whole, "--set", "checkpoint.every=1", "--steps", "20");
        string[] command = ["run", _recipe, "--set", "checkpoint.every=1", "--steps", "20", "--out"];
        string error;
        if (await CanMount(disk))
        {
            using Process process = Start("unshare", ["-r", "-m", "sh", "-c",
                """mount -t tmpfs -o size=2m tmpfs "$1"; disk=$1; out=$2; shift 2; "$@" "$disk/run"; code=$?; cp -r "$disk/run" "$out"; exit $code""", "sh", disk, run, Dotnet, OpdCodeProcess.Program, .. command]);
            error = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.Equal(1, process.ExitCode);
        }
        else
        {
            Directory.CreateDirectory(run);
            File.WriteAllText(Path.Combine(run, "checkpoints"), "no folder can be made where a file is");
            (int code, _, error) = await OpdCodeProcess.Run([], [.. command, run]);
            Assert.Equal(1, code);
            File.Delete(Path.Combine(run, "checkpoints"));
        }
        Assert.Contains(ErrorCodes.RunFolder, error, StringComparison.Ordinal);
        Assert.Equal(("failed", ErrorCodes.RunFolder), (RunReader.Open(run).ReadEvents()[^1].Event, RunReader.Open(run).ReadEvents()[^1].Code));
        await OpdCodeProcess.Succeed("resume", run);
        RunFiles.AssertSame(whole, run);
    }

    /// <summary>A read-only tmpfs where the system lets the test mount one; elsewhere a path below a file.</summary>
    [Fact]
    public async Task A_read_only_folder_is_refused_before_the_first_step()
    {
        string disk = Directory.CreateDirectory(_folder.File("disk")).FullName;
        using Process process = await CanMount(disk)
            ? Start("unshare", "-r", "-m", "sh", "-c", """mount -t tmpfs -o ro tmpfs "$1"; disk=$1; shift; "$@" "$disk/run" """, "sh", disk, Dotnet, OpdCodeProcess.Program, "run", _recipe, "--out")
            : Start("dotnet", "run", _recipe, "--out", Path.Combine(_recipe, "run"));
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(1, process.ExitCode);
        Assert.Contains(ErrorCodes.RunFolder, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    private static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static async Task<bool> CanMount(string folder)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/unshare")) return false;
        using Process process = Start("unshare", "-r", "-m", "mount", "-t", "tmpfs", "tmpfs", folder);
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }

    // "dotnet" stands for the product itself.
    private static Process Start(string program, params string[] args)
    {
        bool product = program == "dotnet";
        var start = new ProcessStartInfo(product ? Dotnet : program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (OperatingSystem.IsWindows()) start.CreateNewProcessGroup = true; // whom Ctrl+Break is sent to
        if (product) start.ArgumentList.Add(OpdCodeProcess.Program);
        foreach (string argument in args) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
