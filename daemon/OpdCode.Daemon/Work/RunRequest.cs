using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Daemon.Work;

/// <summary>
/// <c>request.json</c> of a run folder: the recipe as it was when the run was asked for. What happens to the recipe's
/// file afterwards, in the queue or during the run, changes nothing.
/// </summary>
internal sealed record RunRequest
{
    /// <summary>Version of the file's format. Always 1 today.</summary>
    public int Version { get; init; } = 1;

    /// <summary>When the run was asked for, in UTC.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Name that was given; null: the recipe's.</summary>
    public string? Name { get; init; }

    /// <summary>Absolute path of the recipe; relative paths in it start from its folder.</summary>
    public required string RecipePath { get; init; }

    /// <summary>The recipe's text.</summary>
    public required string Recipe { get; init; }

    /// <summary>Settings that replace those of the text, each <c>path=value</c>.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>Records a recipe for a run.</summary>
    /// <param name="recipePath">The recipe's file.</param>
    /// <param name="overrides">Settings that replace those of the file.</param>
    /// <param name="now">The time.</param>
    /// <param name="name">Name of the run; null: the recipe's.</param>
    /// <exception cref="OpdException">OPD1002 or OPD2901: the file cannot be read.</exception>
    public static RunRequest Record(string recipePath, IReadOnlyList<string> overrides, DateTimeOffset now, string? name = null)
    {
        recipePath = Path.GetFullPath(recipePath);
        if (!File.Exists(recipePath)) throw new OpdException(ErrorCodes.FileNotFound, $"There is no recipe {recipePath}. Check the name; recipes end with .opd.json.");
        try
        {
            return new RunRequest { Created = now, Name = name, RecipePath = recipePath, Recipe = File.ReadAllText(recipePath), Overrides = overrides };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.FileNotAccessible, $"The recipe {recipePath} cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>The recipe.</summary>
    /// <exception cref="OpdException">It has errors; all of them are in the message.</exception>
    public RecipeReading Read()
    {
        RecipeReading reading = RecipeReader.Parse(Recipe, RecipePath, Overrides);
        if (reading.Recipe is not null) return reading;
        Problem[] errors = [.. reading.Problems.Where(p => p.Severity == ProblemSeverity.Error)];
        throw new OpdException(errors[0].Code,
            $"The recipe has {errors.Length} {(errors.Length == 1 ? "error" : "errors")}:\n{string.Join('\n', errors.Select(p => FormattableString.Invariant($"{RecipePath}({p.Line},{p.Column}): {p.Code}: {p.Message}")))}");
    }
}
