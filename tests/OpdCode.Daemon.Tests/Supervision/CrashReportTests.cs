using OpdCode.Daemon.Supervision;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Supervision;

public sealed class CrashReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static WorkerRecord Worker(KernelKills? kills = null) => new()
    {
        Process = 4242, Birth = "", Machine = "here", State = RunState.Running, Step = 7, Started = default, Time = default, Kills = kills ?? new KernelKills(3, 10),
    };

    private RunFailure Of(int? exitCode, KernelKills? now = null) => CrashReport.Of(_folder.Path, Worker(), exitCode, now ?? new KernelKills(3, 10));

    [Fact]
    public void What_is_known_is_said_and_what_is_not_is_not()
    {
        Assert.Contains("How it ended is not known", Of(null).Message, StringComparison.Ordinal);
        Assert.Contains("exit code 0, but wrote no end", Of(0).Message, StringComparison.Ordinal);
        Assert.Contains("exit code 1.", Of(1).Message, StringComparison.Ordinal);
        RunFailure failure = Of(1);
        Assert.Equal((ErrorCodes.WorkerLost, 1, null, false, null), (failure.Code, failure.ExitCode, failure.Signal, failure.OutOfMemory, failure.Checkpoint));
        Assert.Contains("process 4242", failure.Message, StringComparison.Ordinal);
        Assert.Contains("after step 7", failure.Message, StringComparison.Ordinal);
        Assert.Contains("begins at the first step", failure.Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(_folder.Path, "checkpoints", "checkpoint-6"));
        Assert.Contains("goes on from the checkpoint of step 6", Of(1).Message, StringComparison.Ordinal);
    }

    /// <summary>On Windows an exit code is no signal; there the codes of the system stand for what Unix has signals for.</summary>
    [Fact]
    public void A_native_crash_is_named()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Contains("an access violation", Of(unchecked((int)0xC0000005)).Message, StringComparison.Ordinal);
            Assert.True(Of(unchecked((int)0xC0000017)).OutOfMemory);
            return;
        }
        RunFailure failure = Of(139);
        Assert.Equal(("SIGSEGV", 139, false), (failure.Signal, failure.ExitCode, failure.OutOfMemory));
        Assert.Equal("SIGABRT", Of(134).Signal);
    }

    /// <summary>Only Linux tells whom its kernel ended for lack of memory.</summary>
    [Theory]
    [InlineData(137, 4L, 10L, true, "of its control group for lack of memory")]
    [InlineData(137, 3L, 11L, true, "of this machine for lack of memory since it started, so that is the likely reason")]
    [InlineData(137, 3L, 10L, false, "somebody or something else sent the signal")]
    [InlineData(137, null, null, true, "a likely reason, but the kernel does not tell")]
    [InlineData(null, 4L, 10L, true, "so that is the likely reason")]
    [InlineData(null, 3L, 10L, false, "How it ended is not known")]
    [InlineData(139, 4L, 11L, false, "SIGSEGV")]
    public void Lack_of_memory_is_told_as_far_as_the_kernel_tells(int? exitCode, long? group, long? machine, bool outOfMemory, string said)
    {
        if (OperatingSystem.IsWindows()) (exitCode, outOfMemory, said) = (1, false, "exit code 1");
        RunFailure failure = Of(exitCode, new KernelKills(group, machine));
        Assert.Equal(outOfMemory, failure.OutOfMemory);
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
    }
}
