using System.CommandLine;
using System.Globalization;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Daemon.Commands;

/// <summary>What commands about recipes share.</summary>
internal static class RecipeOptions
{
    public static Argument<string> Recipe() => new("RECIPE") { Description = "The recipe (*.opd.json)." };

    public static Option<string[]> Set() => new("--set")
    {
        Description = "Any setting of the recipe, for example --set optimizer.learningRate=0.001. Repeatable.",
        HelpName = "PATH=VALUE",
        DefaultValueFactory = _ => [],
    };

    /// <summary>A problem as compilers print theirs, so that editors and terminals make it a link.</summary>
    public static string Line(string recipe, Problem problem) => string.Create(CultureInfo.InvariantCulture,
        $"{recipe}({problem.Line},{problem.Column}): {Word(problem.Severity)} {problem.Code}: {problem.Message}");

    /// <summary>The recipe, or one error that lists all of its errors.</summary>
    /// <exception cref="OpdException">The recipe cannot be used.</exception>
    public static RecipeReading Read(string path, IReadOnlyList<string> overrides)
    {
        RecipeReading reading = RecipeReader.Read(path, overrides);
        if (reading.Recipe is not null) return reading;
        Problem[] errors = [.. reading.Problems.Where(p => p.Severity == ProblemSeverity.Error)];
        if (errors is [{ Code: ErrorCodes.FileNotFound } missing]) throw new OpdException(missing.Code, missing.Message);
        throw new OpdException(errors[0].Code,
            $"The recipe has {errors.Length} {(errors.Length == 1 ? "error" : "errors")}:{Environment.NewLine}{string.Join(Environment.NewLine, errors.Select(p => Line(path, p)))}");
    }

    private static string Word(ProblemSeverity severity) => severity switch
    {
        ProblemSeverity.Error => "error",
        ProblemSeverity.Warning => "warning",
        _ => "note",
    };
}
