using System.CommandLine;
using OpdCode.Recipes;
using OpdCode.Recipes.Resolving;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode validate RECIPE</c>: everything wrong or doubtful about a recipe, before anything is loaded.</summary>
public static class ValidateCommand
{
    /// <summary>The command with its arguments and its action. Exit code 1 when the recipe has errors.</summary>
    public static Command Create()
    {
        Argument<string> recipe = RecipeOptions.Recipe();
        Option<string[]> set = RecipeOptions.Set();
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("validate", "Check a recipe: its form, whether its settings make sense together, and that its files are there.") { recipe, set, json };
        command.SetWork(json, (parsed, _, _) =>
        {
            string path = parsed.GetRequiredValue(recipe);
            RecipeReading reading = RecipePaths.Check(RecipeReader.Read(path, parsed.GetValue(set)));
            return new ValidateResult(path, reading.Recipe is not null, reading.Problems);
        }, Print, result => result.Valid ? 0 : 1);
        return command;
    }

    private static void Print(IAnsiConsole console, ValidateResult result)
    {
        foreach (Problem problem in result.Problems) console.WriteLine(RecipeOptions.Line(result.Recipe, problem));
        int errors = result.Problems.Count(p => p.Severity == ProblemSeverity.Error), warnings = result.Problems.Count(p => p.Severity == ProblemSeverity.Warning);
        console.WriteLine(result.Problems.Count == 0 ? $"{result.Recipe}: nothing to complain about." : $"{result.Recipe}: {Count(errors, "error")}, {Count(warnings, "warning")}.");
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    /// <summary>What <c>validate --json</c> prints.</summary>
    /// <param name="Recipe">The path given.</param>
    /// <param name="Valid">True when nothing keeps it from running.</param>
    /// <param name="Problems">All problems in the order of the file.</param>
    public sealed record ValidateResult(string Recipe, bool Valid, IReadOnlyList<Problem> Problems);
}
