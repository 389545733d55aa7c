namespace OpdCode.Protocol;

/// <summary>Where a deleted run went.</summary>
/// <param name="RunId">The run.</param>
/// <param name="TrashFolder">Absolute path of the folder now; moving it back brings the run back.</param>
public sealed record DeletedRun(string RunId, string TrashFolder);
