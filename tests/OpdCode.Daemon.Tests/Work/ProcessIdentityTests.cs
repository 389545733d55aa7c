using System.Diagnostics;
using OpdCode.Daemon.Supervision;
using OpdCode.Daemon.Work;

namespace OpdCode.Daemon.Tests.Work;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void This_process_is_alive() => Assert.True(ProcessIdentity.Current.IsAlive);

    [Fact]
    public void Another_process_of_the_same_number_is_not_the_one_meant() =>
        Assert.False((ProcessIdentity.Current with { Birth = OperatingSystem.IsLinux() ? "another-boot/12345" : "12345" }).IsAlive);

    [Fact]
    public async Task A_process_that_ended_is_dead_even_before_it_is_collected()
    {
        using Process process = WorkerLauncher.OfThisProgram().Start("scorer", LocalPipe.NameFor($"{Guid.NewGuid()}"));
        var identity = new ProcessIdentity(process.Id, ProcessIdentity.BirthOf(process.Id)!);
        Assert.True(identity.IsAlive);
        identity.Kill();
        await process.WaitForExitAsync();
        Assert.False(identity.IsAlive);
        identity.Kill(); // nothing happens, to nobody
    }
}
