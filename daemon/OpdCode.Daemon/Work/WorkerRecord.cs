using System.Text.Json.Serialization;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Work;

/// <summary><c>worker.json</c> of a run folder: which process computes the run, how it is reached, and where it is.</summary>
internal sealed record WorkerRecord
{
    // A machine that sleeps or swaps is late; one that is this late is taken for gone.
    private static readonly TimeSpan s_silence = TimeSpan.FromMinutes(2);

    /// <summary>Version of the file's format. Always 1 today.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Process id.</summary>
    public required int Process { get; init; }

    /// <summary>When the process was born, see <see cref="ProcessIdentity"/>.</summary>
    public required string Birth { get; init; }

    /// <summary>Name of the machine that it runs on: a folder on a shared disk is seen from several.</summary>
    public required string Machine { get; init; }

    /// <summary>Name of the local pipe that it is steered by; empty while it starts.</summary>
    public string Pipe { get; init; } = "";

    /// <summary>True for <c>opdcode run</c>, which someone watches in a terminal.</summary>
    public bool Foreground { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required RunState State { get; init; }

    /// <summary>Optimizer steps done.</summary>
    public int Step { get; init; }

    /// <summary>The device that the recipe asks for.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>When it started, in UTC.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>The last sign of life, in UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The process that started it, whose place it is to say how it ended; null in a terminal.</summary>
    public ProcessIdentity? Supervisor { get; init; }

    /// <summary>What the kernel had ended for lack of memory when it started.</summary>
    public KernelKills? Kills { get; init; }

    /// <summary>The process.</summary>
    [JsonIgnore]
    public ProcessIdentity Identity => new(Process, Birth);

    /// <summary>Whether the process still runs; on another machine, whether it was heard of lately.</summary>
    public bool IsAlive(DateTimeOffset now) => Machine == Environment.MachineName ? Identity.IsAlive : now - Time < s_silence;
}
