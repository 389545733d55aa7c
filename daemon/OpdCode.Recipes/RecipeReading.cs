using OpdCode.Recipes.Reading;

namespace OpdCode.Recipes;

/// <summary>What reading a recipe gave: the recipe, unless it is wrong, and every problem found on the way.</summary>
public sealed record RecipeReading
{
    /// <summary>The recipe with every default filled; null when <see cref="Problems"/> holds an error.</summary>
    public required Recipe? Recipe { get; init; }

    /// <summary>All problems in the order of the file.</summary>
    public required IReadOnlyList<Problem> Problems { get; init; }

    /// <summary>The absolute folder of the recipe: paths in it are relative to this.</summary>
    public required string Folder { get; init; }

    /// <summary>The name of the recipe when it gives none: its file without .opd.json.</summary>
    public required string DefaultName { get; init; }

    /// <summary>The tree that was read, the method's preset included; null when there is none.</summary>
    internal LocatedValue? Root { get; init; }

    /// <summary>Where the lines of the text begin; null when there is no text.</summary>
    internal LineMap? Lines { get; init; }

    /// <summary>Turns a path of the recipe into an absolute one, whichever slash it was written with.</summary>
    /// <param name="path">A path relative to the recipe, or an absolute one.</param>
    public string FullPath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return System.IO.Path.GetFullPath(OperatingSystem.IsWindows() ? path : path.Replace('\\', '/'), Folder);
    }
}
