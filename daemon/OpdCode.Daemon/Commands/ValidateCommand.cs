using System.CommandLine;
using OpdCode.Models.Preflight;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
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
        Option<bool> preflight = new("--preflight") { Description = "Also check models and data: tokenizers, templates, context, every line of the data, memory, disk. No weights are loaded." };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("validate", "Check a recipe: its form, whether its settings make sense together, and that its files are there.") { recipe, set, preflight, json };
        command.SetWork(json, (parsed, _, cancel) =>
        {
            string path = parsed.GetRequiredValue(recipe);
            RecipeReading reading = RecipePaths.Check(RecipeReader.Read(path, parsed.GetValue(set)));
            if (!parsed.GetValue(preflight) || reading.Recipe is null) return new ValidateResult(path, reading.Recipe is not null, reading.Problems, null, null, null);
            PreflightReport report = RecipePreflight.Run(reading, Path.GetFullPath("runs"), cancel);
            RecipeReading all = reading.With(report.Problems);
            return new ValidateResult(path, all.Recipe is not null, all.Problems, report.Memory, report.Prompt, report.Data);
        }, Print, result => result.Valid ? 0 : 1);
        return command;
    }

    private static void Print(IAnsiConsole console, ValidateResult result)
    {
        foreach (Problem problem in result.Problems) console.WriteLine(RecipeOptions.Line(result.Recipe, problem));
        if (result.Prompt is { } prompt)
        {
            console.WriteLine($"The first prompt as the student reads it ({prompt.Tokens} tokens, the longest has {prompt.LongestTokens}):");
            console.WriteLine(prompt.Student);
        }
        if (result.Memory is { } memory) console.WriteLine($"Memory {memory.Summary}.");
        int errors = result.Problems.Count(p => p.Severity == ProblemSeverity.Error), warnings = result.Problems.Count(p => p.Severity == ProblemSeverity.Warning);
        console.WriteLine(result.Problems.Count == 0 ? $"{result.Recipe}: nothing to complain about." : $"{result.Recipe}: {Count(errors, "error")}, {Count(warnings, "warning")}.");
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    /// <summary>What <c>validate --json</c> prints.</summary>
    /// <param name="Recipe">The path given.</param>
    /// <param name="Valid">True when nothing keeps it from running.</param>
    /// <param name="Problems">All problems in the order of the file.</param>
    /// <param name="Memory">With --preflight: what the run needs, in bytes.</param>
    /// <param name="Prompt">With --preflight: the first prompt as the models read it.</param>
    /// <param name="Data">With --preflight: what is in the training file.</param>
    public sealed record ValidateResult(string Recipe, bool Valid, IReadOnlyList<Problem> Problems, MemoryEstimate? Memory, PromptPreview? Prompt, DataReport? Data);
}
