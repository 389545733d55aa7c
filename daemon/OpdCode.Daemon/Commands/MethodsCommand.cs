using System.CommandLine;
using System.Text.Json;
using OpdCode.Recipes.Methods;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode methods</c>: the published methods that a recipe can name.</summary>
public static class MethodsCommand
{
    /// <summary>The command with its action.</summary>
    public static Command Create()
    {
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("methods", "List the published methods that a recipe can name, with paper, year and evidence.") { json };
        command.SetWork(json, (_, _, _) => new MethodsResult(MethodPresets.All), Print);
        return command;
    }

    private static void Print(IAnsiConsole console, MethodsResult result)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns("method", "year", "evidence", "what it does");
        foreach (MethodPreset method in result.Methods)
            table.AddRow(Markup.Escape(method.Name), $"{method.Year}", JsonSerializer.Serialize(method.Evidence).Trim('"'), Markup.Escape($"{method.Title}: {method.Summary} ({method.Paper}, {method.Url})"));
        console.Write(table);
    }

    /// <summary>What <c>methods --json</c> prints.</summary>
    /// <param name="Methods">The methods, oldest first.</param>
    public sealed record MethodsResult(IReadOnlyList<MethodPreset> Methods);
}
