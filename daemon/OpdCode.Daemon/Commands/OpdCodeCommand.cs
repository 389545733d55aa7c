using System.CommandLine;

namespace OpdCode.Daemon.Commands;

/// <summary>The command line <c>opdcode</c>.</summary>
public static class OpdCodeCommand
{
    /// <summary>The root command with all its commands.</summary>
    public static RootCommand Create() => new("On-policy distillation of language models: a student writes, a teacher judges every token, the student learns.")
    {
        RunCommand.Create(),
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
        new Command("bench", "Measure the parts that a run spends its time in.") { BenchLossCommand.Create() },
        MachineCommand.Create(),
    };
}
