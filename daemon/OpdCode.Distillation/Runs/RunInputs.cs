using OpdCode.Distillation.Runs.Checkpoints;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Resolving;

namespace OpdCode.Distillation.Runs;

/// <summary>What a run reads besides its recipe, as hashes: whether a resumed run would read the same.</summary>
internal sealed record RunInputs(IReadOnlyDictionary<string, string> Data, IReadOnlyDictionary<string, string> Models)
{
    /// <summary>Hashes every data file and model folder that a recipe names, by full path.</summary>
    /// <exception cref="OpdException">OPD1002: one is not there. OPD2901: one cannot be read.</exception>
    public static RunInputs Of(RecipeReading reading)
    {
        var data = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var models = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string setting, string path, RecipePathKind kind) in RecipePaths.All(reading))
        {
            if (kind == RecipePathKind.ModelFolder) models[path] = ModelFingerprint.Of(path);
            else data[path] = HashOf(setting, path);
        }
        return new RunInputs(data, models);
    }

    /// <summary>What differs from what was recorded when the run began, one sentence each.</summary>
    public IEnumerable<string> Changes(RunInfo recorded)
    {
        foreach ((string path, string hash) in Data)
            if (recorded.DataHashes?.TryGetValue(path, out string? before) == true && before != hash) yield return $"The data file {path} has changed since the run began.";
        foreach ((string path, string print) in Models)
            if (recorded.ModelFingerprints?.TryGetValue(path, out string? before) == true && before != print) yield return $"The model folder {path} holds another model or tokenizer than when the run began.";
    }

    private static string HashOf(string setting, string path)
    {
        try
        {
            return CheckpointManifest.Hash(path);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new OpdException(ErrorCodes.FileNotFound, $"{setting}: there is no file {path}. Put it back, or check the path.", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.FileNotAccessible, $"{setting}: {path} cannot be read: {failure.Message}", failure);
        }
    }
}
