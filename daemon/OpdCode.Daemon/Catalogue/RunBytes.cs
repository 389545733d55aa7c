using System.Runtime.CompilerServices;
using System.Text.Json;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// Runs as they are spelled on the wire. Most runs of a long list have ended and stay what they are: they are spelled
/// once, kept in the catalogue like that, and copied into every answer.
/// </summary>
internal static class RunBytes
{
    private static readonly ConditionalWeakTable<Run, byte[]> s_bytes = [];

    /// <summary>The run as UTF-8 JSON.</summary>
    public static byte[] Of(Run run) => s_bytes.GetValue(run, static r => JsonSerializer.SerializeToUtf8Bytes(r, ProtocolJson.Options));

    /// <summary>The run of such bytes.</summary>
    /// <exception cref="JsonException">They are something else.</exception>
    public static Run Read(byte[] bytes)
    {
        Run run = JsonSerializer.Deserialize<Run>(bytes, ProtocolJson.Options) ?? throw new JsonException("a run was expected");
        s_bytes.Add(run, bytes);
        return run;
    }
}
