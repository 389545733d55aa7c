using System.Text.Json;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// A run in the catalogue. Most runs of a long list have ended and stay what they are: they are spelled once as the
/// wire has them, kept in the catalogue like that, copied into every answer, and read only when somebody asks for more
/// than their order in a list.
/// </summary>
internal sealed class CatalogueEntry
{
    private Run? _run;
    private ReadOnlyMemory<byte> _json;

    /// <summary>A run that was read from its folder.</summary>
    public CatalogueEntry(Run run) => (_run, Id, State, Created, Archived) = (run, run.Id, run.State, run.Created, run.Archived);

    /// <summary>A run as it was kept.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="state">Its state.</param>
    /// <param name="created">When it was asked for, in UTC.</param>
    /// <param name="archived">Whether it was put away.</param>
    /// <param name="json">All of it as the wire has it.</param>
    public CatalogueEntry(string id, RunState state, DateTimeOffset created, bool archived, ReadOnlyMemory<byte> json) =>
        (_json, Id, State, Created, Archived) = (json, id, state, created, archived);

    /// <summary>What the folder's files looked like, see <see cref="RunFolderReader.Stamp"/>.</summary>
    public required string Stamp { get; init; }

    /// <summary>The device that its recipe asks for.</summary>
    public required string Device { get; init; }

    /// <summary>Whether a process computes it.</summary>
    public bool Alive { get; init; }

    /// <summary>Whether its process is gone and nobody has said yet how the run ended.</summary>
    public bool IsOrphaned { get; init; }

    /// <summary>The name of its folder.</summary>
    public string Id { get; }

    /// <summary>Where it is in its life.</summary>
    public RunState State { get; }

    /// <summary>When it was asked for, in UTC.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>Put away by its user.</summary>
    public bool Archived { get; }

    /// <summary>The run as lists show it.</summary>
    public Run Run => _run ??= JsonSerializer.Deserialize<Run>(_json.Span, ProtocolJson.Options) ?? throw new JsonException("a run was expected");

    /// <summary>The same as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Json => _json.IsEmpty ? _json = JsonSerializer.SerializeToUtf8Bytes(_run, ProtocolJson.Options) : _json;

    /// <summary>The same run in a folder that was moved.</summary>
    public CatalogueEntry At(string folder) => new(Run with { Folder = folder }) { Stamp = Stamp, Device = Device };
}
