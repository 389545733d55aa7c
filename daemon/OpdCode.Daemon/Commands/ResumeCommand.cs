using System.CommandLine;
using OpdCode.Distillation;
using OpdCode.Distillation.Runs;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode resume FOLDER</c>: a run that ended before its last step goes on, in the foreground.</summary>
public static class ResumeCommand
{
    /// <summary>The command with its arguments and its action.</summary>
    public static Command Create()
    {
        Argument<string> folder = new("folder") { Description = "The run folder.", HelpName = "FOLDER" };
        Option<bool> accept = new("--accept-changes") { Description = "Go on although a model, a data file or the run's recipe is not what it was." };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("resume", "Go on with a run that was stopped, paused, killed or failed, from its newest whole checkpoint.") { folder, accept, json };
        command.SetInterruptibleWork(json, (parsed, progress, interrupts) =>
        {
            ChangedInputs changed = parsed.GetValue(accept) ? ChangedInputs.Accept : ChangedInputs.Refuse;
            using DistillationSession session = DistillationSession.Resume(parsed.GetRequiredValue(folder), changed, TimeProvider.System);
            return RunCommand.Follow(session, progress, interrupts);
        }, RunCommand.Print, RunCommand.ExitCode);
        return command;
    }
}
