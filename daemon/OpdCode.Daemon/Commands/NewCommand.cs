using System.CommandLine;
using System.Text;
using OpdCode.Protocol;
using OpdCode.Recipes.Methods;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode new</c>: a commented recipe to start from.</summary>
public static class NewCommand
{
    /// <summary>The command with its arguments and its action.</summary>
    public static Command Create()
    {
        Argument<string> file = new("FILE") { Description = "The file to write; it must not exist yet.", DefaultValueFactory = _ => "recipe.opd.json" };
        Option<string?> method = new("--method") { Description = "A method by name; opdcode methods lists them.", HelpName = "METHOD" };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("new", "Write a commented recipe to start from.") { file, method, json };
        command.SetWork(json, (parsed, _, _) =>
        {
            string? name = parsed.GetValue(method);
            MethodPreset? preset = name is null ? null : MethodPresets.Find(name)
                ?? throw new OpdException(ErrorCodes.UnknownValue, $"There is no method \"{name}\". There are {string.Join(", ", MethodPresets.All.Select(m => m.Name))}.");
            string path = WithEnding(parsed.GetRequiredValue(file));
            try
            {
                using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write);
                stream.Write(new UTF8Encoding(false).GetBytes(RecipeTemplate.Write(preset)));
            }
            catch (IOException e)
            {
                throw new OpdException(ErrorCodes.FileNotWritten, File.Exists(path) ? $"{path} exists already; choose another name." : $"{path} cannot be written: {e.Message}", e);
            }
            return new NewResult(path, preset?.Name);
        }, (console, result) => console.WriteLine($"Written to {result.File}. Fill in the models and the data, then: opdcode validate \"{result.File}\""));
        return command;
    }

    // The ending is what makes an editor know a recipe.
    private static string WithEnding(string file) => file.EndsWith(".opd.json", StringComparison.OrdinalIgnoreCase) ? file : $"{file}.opd.json";

    /// <summary>What <c>new --json</c> prints.</summary>
    /// <param name="File">The file written.</param>
    /// <param name="Method">The method in it; null when none.</param>
    public sealed record NewResult(string File, string? Method);
}
