using System.CommandLine;
using System.CommandLine.Parsing;
using OpdCode.Daemon.Bench;
using OpdCode.Daemon.Serving;

namespace OpdCode.Daemon.Commands;

/// <summary>The command line <c>opdcode</c>.</summary>
public static class OpdCodeCommand
{
    /// <summary>
    /// Parses and runs a command line. A line that cannot be parsed is explained on stderr alone, so that stdout stays
    /// what a command means to print.
    /// </summary>
    /// <param name="args">What follows <c>opdcode</c>.</param>
    /// <param name="streams">Where output goes; the process's own by default.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> Invoke(IReadOnlyList<string> args, InvocationConfiguration? streams = null) => Invoke(args, streams, null);

    /// <summary>The same, with the process's streams where they were taken for the protocol.</summary>
    internal static Task<int> Invoke(IReadOnlyList<string> args, InvocationConfiguration? streams, ProcessStreams? wire)
    {
        ParseResult parsed = Create(wire).Parse(args);
        streams ??= new InvocationConfiguration();
        if (parsed.Errors.Count == 0) return parsed.InvokeAsync(streams);
        foreach (ParseError error in parsed.Errors) streams.Error.WriteLine(error.Message);
        string command = string.Join(' ', Names(parsed.CommandResult).Reverse());
        streams.Error.WriteLine($"See {command} --help.");
        return Task.FromResult(1);
    }

    private static IEnumerable<string> Names(CommandResult command)
    {
        for (CommandResult? at = command; at is not null; at = at.Parent as CommandResult) yield return at.Command is RootCommand ? "opdcode" : at.Command.Name;
    }

    /// <summary>The root command with all its commands.</summary>
    public static RootCommand Create() => Create(null);

    private static RootCommand Create(ProcessStreams? wire) => new("On-policy distillation of language models: a student writes, a teacher judges every token, the student learns.")
    {
        RunCommand.Create(),
        ResumeCommand.Create(),
        ReportCommand.Create(),
        NewCommand.Create(),
        ValidateCommand.Create(),
        ResolveCommand.Create(),
        MethodsCommand.Create(),
        DataCommand.Create(),
        GenerateCommand.Create(),
        ScoreCommand.Create(),
        TokenizeCommand.Create(),
        LogitsCommand.Create(),
        ExplainCommand.Create(),
        BenchCommand.Create(),
        MachineCommand.Create(),
        ServeCommand.Create(wire),
        RunsCommand.Create(),
        WorkCommand.Create(),
        ScorerCommand.Create(),
    };
}
