using System.CommandLine;
using OpdCode.Daemon.Scoring;
using OpdCode.Daemon.Work;
using StreamJsonRpc;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode scorer PIPE</c>: the process that keeps models loaded for scoring. Started by the daemon; nobody types it.</summary>
public static class ScorerCommand
{
    /// <summary>The command with its arguments and its action.</summary>
    public static Command Create()
    {
        Argument<string> pipe = new("PIPE") { Description = "Name of the pipe to listen on." };
        Command command = new("scorer", "Score and generate for the daemon until stdin closes.") { pipe };
        command.Hidden = true;
        command.SetAction(async (parsed, cancel) =>
        {
            using var desk = new ScorerDesk();
            using var server = new ControlServer(parsed.GetRequiredValue(pipe),
                rpc => rpc.AddLocalRpcTarget<IScorerControl>(desk, new JsonRpcTargetOptions { MethodNameTransform = CommonMethodNameTransforms.CamelCase }));
            // The daemon holds the other end: when it is gone, so is the reason to be here.
            using Stream stdin = Console.OpenStandardInput();
            await stdin.CopyToAsync(Stream.Null, cancel);
            return 0;
        });
        return command;
    }
}
