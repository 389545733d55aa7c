using OpdCode.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>Who the client is and what it may do, from <c>initialize</c> on. One a process.</summary>
internal sealed class Session
{
    private volatile SessionFacts? _facts;

    /// <summary>False until the client has said who it is.</summary>
    public bool IsInitialized => _facts is not null;

    /// <summary>What the client may reach.</summary>
    public AllowedPaths Paths => Facts.Paths;

    /// <summary>Absolute path of the folder that holds the run folders; it may not exist yet.</summary>
    public string RunsDirectory => Facts.RunsDirectory;

    /// <summary>True: checkpoint and stop active runs when the client goes; false: leave them running.</summary>
    public bool StopsRunsOnClose => Facts.StopsRunsOnClose;

    /// <summary>False in a restricted workspace.</summary>
    public bool IsTrusted => Facts.IsTrusted;

    private SessionFacts Facts => _facts ?? throw new OpdException(ErrorCodes.NotInitialized, "initialize has not been called.");

    /// <summary>Takes what a client says about itself, at first and when it changes.</summary>
    /// <exception cref="OpdException">OPD4002: a path is not absolute, or there is no folder for runs.</exception>
    public void Take(InitializeParams client) => _facts = SessionFacts.Of(client);

    /// <summary>Refuses a call that starts work in a restricted workspace.</summary>
    /// <exception cref="OpdException">OPD4004.</exception>
    public void RequireTrust(string call)
    {
        if (IsInitialized && !IsTrusted)
            throw new OpdException(ErrorCodes.NotTrusted, $"{call} is not done in a restricted workspace: recipes can name programs to start and files to read. Trust the workspace first.");
    }

    /// <summary>The folder of a run.</summary>
    /// <param name="runId">A folder's name.</param>
    /// <exception cref="OpdException">OPD3005: there is no such run.</exception>
    public string RunFolder(string runId)
    {
        bool isName = runId.Length is > 0 and <= 255 && runId is not ("." or "..") && runId.IndexOfAny(['/', '\\', ':', '\0']) < 0;
        string folder = isName ? Path.Combine(RunsDirectory, runId) : "";
        return isName && Directory.Exists(folder) ? folder
            : throw new OpdException(ErrorCodes.RunNotFound, $"There is no run \"{(runId.Length > 80 ? runId[..80] : runId)}\" in {RunsDirectory}.");
    }
}
