using OpdCode.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>What a client said about itself, checked.</summary>
internal sealed record SessionFacts(AllowedPaths Paths, string RunsDirectory, bool IsTrusted, bool StopsRunsOnClose)
{
    /// <summary>Checks what a client says.</summary>
    /// <exception cref="OpdException">OPD4002: a path is not absolute, or there is no folder for runs.</exception>
    public static SessionFacts Of(InitializeParams client)
    {
        string? runs = client.RunsDirectory ?? (client.WorkspaceFolders.Count > 0 ? Path.Combine(client.WorkspaceFolders[0], "runs") : null);
        if (runs is null) throw new OpdException(ErrorCodes.RequestInvalid, "There is no place for runs: open a folder, or name one in runsDirectory.");
        foreach (string path in client.WorkspaceFolders.Concat(client.ChosenPaths).Append(runs))
            if (!Path.IsPathFullyQualified(path)) throw new OpdException(ErrorCodes.RequestInvalid, $"\"{path}\" is not an absolute path.");
        bool stops = client.OnWindowClose switch
        {
            "keepRunning" => false,
            "checkpointAndStop" => true,
            _ => throw new OpdException(ErrorCodes.RequestInvalid, $"onWindowClose is \"{client.OnWindowClose}\"; it is keepRunning or checkpointAndStop."),
        };
        runs = Path.GetFullPath(runs);
        return new SessionFacts(new AllowedPaths([.. client.WorkspaceFolders, .. client.ChosenPaths, runs]), runs, client.Trusted, stops);
    }
}
