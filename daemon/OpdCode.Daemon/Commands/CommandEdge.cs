using System.CommandLine;
using System.Text.Json;
using OpdCode.Distillation.Runs;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary>
/// What every command shares at its edge: results go to stdout, everything else to stderr; with --json stdout is
/// exactly one JSON object; an error is one line with its code, exit code 1, and never a stack; Ctrl+C is exit code 130.
/// </summary>
internal static class CommandEdge
{
    public static Option<bool> JsonOption() => new("--json") { Description = "Print exactly one JSON object on stdout; everything else goes to stderr." };

    /// <summary>Sets the action of a command: work that returns what to print, or throws.</summary>
    /// <param name="command">The command.</param>
    /// <param name="json">Its --json option.</param>
    /// <param name="work">Returns the result; gets a console on stderr for progress.</param>
    /// <param name="print">Shows the result to a person, on stdout.</param>
    /// <param name="exitCode">The exit code that a result means; 0 where absent.</param>
    public static void SetWork<T>(this Command command, Option<bool> json, Func<ParseResult, IAnsiConsole, CancellationToken, T> work, Action<IAnsiConsole, T> print,
        Func<T, int>? exitCode = null) =>
        command.SetInterruptibleWork(json, (parsed, console, interrupts) => work(parsed, console, interrupts.First), print, exitCode);

    /// <summary>As the other, for work that tells the second Ctrl+C from the first.</summary>
    public static void SetInterruptibleWork<T>(this Command command, Option<bool> json, Func<ParseResult, IAnsiConsole, Interrupts, T> work, Action<IAnsiConsole, T> print,
        Func<T, int>? exitCode = null)
    {
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            InvocationConfiguration streams = parsed.InvocationConfiguration;
            using var interrupts = new Interrupts(cancel);
            try
            {
                T result = work(parsed, ConsoleOn(streams.Error), interrupts);
                if (parsed.GetValue(json)) streams.Output.WriteLine(JsonSerializer.Serialize(result, RunJson.Options));
                else print(ConsoleOn(streams.Output), result);
                return exitCode?.Invoke(result) ?? 0;
            }
            catch (OperationCanceledException)
            {
                streams.Error.WriteLine("Stopped.");
                return 130;
            }
            catch (Exception failure) // the edge: nothing is above it but the user
            {
                streams.Error.WriteLine(FailureText.Of(failure));
                return 1;
            }
        }, CancellationToken.None));
    }

    private static IAnsiConsole ConsoleOn(TextWriter writer)
    {
        var output = new AnsiConsoleOutput(writer);
        // Colours and a redrawn bar belong into a terminal; in a file they are noise.
        AnsiSupport ansi = output.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = output, Ansi = ansi });
        // Without a terminal there is no width to respect: lines must not be broken in the middle of a path.
        if (!console.Profile.Out.IsTerminal) console.Profile.Width = 1000;
        return console;
    }
}
