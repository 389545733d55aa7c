using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>A run in the catalogue.</summary>
/// <param name="Stamp">What the folder's files looked like, see <see cref="RunFolderReader.Stamp"/>.</param>
/// <param name="Device">The device that its recipe asks for.</param>
/// <param name="Alive">Whether a process computes it.</param>
/// <param name="IsOrphaned">Whether its process is gone and nobody has said yet how the run ended.</param>
/// <param name="Run">The run as lists show it.</param>
internal sealed record CatalogueEntry(string Stamp, string Device, bool Alive, bool IsOrphaned, Run Run);
