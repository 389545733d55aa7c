namespace OpdCode.Daemon.Work;

/// <summary>Names of the files that worker and supervisor keep in a run folder, beside those that the run itself writes.</summary>
internal static class RunFiles
{
    /// <summary>What was asked for: the recipe's text as it was then, where it stood, what replaced its settings.</summary>
    public const string Request = "request.json";

    /// <summary>The process that computes, and where it is: the heartbeat.</summary>
    public const string Worker = "worker.json";

    /// <summary>Held open by the process that computes; the system lets go of it whatever ends that process.</summary>
    public const string Lock = "worker.lock";

    /// <summary>What people attached: name, star, note, archived.</summary>
    public const string User = "user.json";

    /// <summary>Why the run ended, where that was not as planned.</summary>
    public const string Failure = "failure.json";

    /// <summary>All output of the worker.</summary>
    public const string Log = "log.txt";

    /// <summary>Accuracies of checkpoints that were evaluated after the run.</summary>
    public const string Evaluations = "evaluations.jsonl";
}
