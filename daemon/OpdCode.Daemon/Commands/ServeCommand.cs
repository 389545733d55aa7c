using System.CommandLine;
using Microsoft.Extensions.Logging;
using OpdCode.Daemon.Serving;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode serve</c>: the daemon that an editor talks to, over stdin and stdout.</summary>
public static class ServeCommand
{
    private const string Name = "serve";

    /// <summary>True when a command line asks to serve: then the standard streams must be taken before anything else.</summary>
    public static bool IsAskedFor(IReadOnlyList<string> args) => args is [Name, ..] && !args.Any(a => a is "--help" or "-h" or "-?");

    /// <summary>The command with its options and its action.</summary>
    internal static Command Create(ProcessStreams? streams)
    {
        Option<LogLevel> level = new("--log-level") { Description = "The least level that is logged to stderr, one JSON object a line.", DefaultValueFactory = _ => LogLevel.Information };
        Command command = new(Name, "Answer an editor: JSON-RPC over stdin and stdout. It ends when stdin does.") { level };
        command.SetAction(async (parsed, cancel) =>
        {
            await DaemonHost.Serve(streams ?? ProcessStreams.Take(), parsed.GetValue(level), cancel);
            return 0;
        });
        return command;
    }
}
