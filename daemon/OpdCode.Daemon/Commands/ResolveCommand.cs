using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using OpdCode.Recipes;
using OpdCode.Recipes.Resolving;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode resolve RECIPE</c>: the complete recipe with the origin of every value.</summary>
public static class ResolveCommand
{
    /// <summary>The command with its arguments and its action.</summary>
    public static Command Create()
    {
        Argument<string> recipe = RecipeOptions.Recipe();
        Option<string?> output = new("--out") { Description = "Write the resolved recipe to this file; its relative paths are rewritten for that place.", HelpName = "FILE" };
        Option<string[]> set = RecipeOptions.Set();
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("resolve", "Show a recipe with its method's settings and every default filled in, and where each value came from.") { recipe, output, set, json };
        command.SetWork(json, (parsed, _, _) =>
        {
            string? file = parsed.GetValue(output);
            RecipeReading reading = RecipeOptions.Read(parsed.GetRequiredValue(recipe), parsed.GetValue(set)!);
            ResolvedRecipe resolved = RecipeResolver.Resolve(reading, file is null ? null : Path.GetDirectoryName(Path.GetFullPath(file)));
            if (file is not null) File.WriteAllText(file, resolved.Text, new UTF8Encoding(false));
            return new ResolveResult(resolved.Json, resolved.Origins, resolved.Text, file);
        }, (console, result) => console.Profile.Out.Writer.Write(result.File is null ? result.Text : $"Written to {result.File}.{Environment.NewLine}"));
        return command;
    }

    /// <summary>What <c>resolve --json</c> prints.</summary>
    /// <param name="Recipe">The complete recipe.</param>
    /// <param name="Origins">For each setting: written, set, preset or default.</param>
    /// <param name="Text">The recipe as text with the origins as comments.</param>
    /// <param name="File">The file written; null when none.</param>
    public sealed record ResolveResult(JsonObject Recipe, IReadOnlyDictionary<string, string> Origins, string Text, string? File);
}
