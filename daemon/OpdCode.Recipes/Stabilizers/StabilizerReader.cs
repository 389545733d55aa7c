using OpdCode.Protocol;
using OpdCode.Recipes.Reading;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>Reads a list of stabilizers that stands outside a recipe (a case to explain, a what-if question) with the checks of a recipe.</summary>
public static class StabilizerReader
{
    /// <summary>The stabilizers of a JSON list, written as in a recipe.</summary>
    /// <param name="json">The list, for example <c>[{"kind": "skip-first"}]</c>.</param>
    /// <exception cref="OpdException">OPD1301 with everything that is wrong.</exception>
    public static IReadOnlyList<StabilizerRecipe> Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        ProblemList problems = new(new LineMap(json));
        JsonTree tree = JsonTree.Parse(json);
        IReadOnlyList<StabilizerRecipe>? read = tree.Root is { } root && tree.Error is null ? new RecipeBinder(problems).BindStabilizers(root) : null;
        if (read is not null && !problems.HasErrors) return read;
        throw new OpdException(ErrorCodes.ObjectiveInvalid, string.Join(" ", problems.InOrder.Select(p => p.Message).Prepend(tree.Error).Where(m => m is not null)));
    }
}
