namespace OpdCode.Protocol;

/// <summary>Who the client is and what it may reach.</summary>
public sealed record InitializeParams
{
    /// <summary>What the client speaks, <c>major.minor</c>.</summary>
    public required string ProtocolVersion { get; init; }

    /// <summary>Name and version of the client, for the log.</summary>
    public required string Client { get; init; }

    /// <summary>The daemon ends when this process does; null: only when its stdin closes.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Absolute paths of the folders that the user opened; files elsewhere are refused unless the user chose them (<see cref="ChosenPaths"/>).</summary>
    public IReadOnlyList<string> WorkspaceFolders { get; init; } = [];

    /// <summary>Absolute paths of folders and files outside of the workspace that the user's settings name or that the user chose in a dialog.</summary>
    public IReadOnlyList<string> ChosenPaths { get; init; } = [];

    /// <summary>False in a restricted workspace: recipes are read and validated, nothing is started.</summary>
    public bool Trusted { get; init; } = true;

    /// <summary>Absolute path of the folder that holds the run folders; null: <c>runs</c> in the first workspace folder.</summary>
    public string? RunsDirectory { get; init; }

    /// <summary>What becomes of active runs when the client goes: <c>keepRunning</c> or <c>checkpointAndStop</c>.</summary>
    public string OnWindowClose { get; init; } = "keepRunning";
}
