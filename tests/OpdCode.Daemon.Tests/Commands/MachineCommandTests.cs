using System.Text.Json;

namespace OpdCode.Daemon.Tests.Commands;

public sealed class MachineCommandTests
{
    [Fact]
    public async Task Machine_says_what_would_be_used()
    {
        JsonElement machine = await CommandLine.Json("machine");
        Assert.Matches("^(cpu|cuda)", machine.GetProperty("device").GetString());
        Assert.StartsWith("2.", machine.GetProperty("libtorch").GetString(), StringComparison.Ordinal);
        Assert.True(Directory.Exists(machine.GetProperty("libtorchFolder").GetString()));
        Assert.InRange(machine.GetProperty("threads").GetInt32(), 1, Environment.ProcessorCount);
        Assert.Equal(Environment.ProcessorCount, machine.GetProperty("processors").GetInt32());
        Assert.True(machine.GetProperty("availableBytes").GetInt64() > 100_000_000);
        Assert.Contains("libtorch", (await CommandLine.Invoke("machine")).Output, StringComparison.Ordinal);
    }
}
