using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>The recipe that a run folder recorded.</summary>
internal static class RecordedRecipe
{
    /// <summary>recipe.json as an object; null when the run never got to write it.</summary>
    /// <exception cref="OpdException">OPD3003: it is damaged.</exception>
    public static JsonObject? Read(string folder)
    {
        string path = Path.Combine(folder, "recipe.json");
        if (!File.Exists(path)) return null;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return JsonNode.Parse(stream) as JsonObject ?? throw new JsonException("an object was expected");
        }
        catch (JsonException failure)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{path} cannot be read: {failure.Message} It was damaged after the run wrote it.", failure);
        }
    }

    /// <summary>The text that was asked for, of a run that has not resolved it yet; an empty object when nothing is known.</summary>
    public static string Asked(string folder) => SmallFile.Read<RunRequest>(Path.Combine(folder, RunFiles.Request))?.Recipe ?? "{}";

    /// <summary>A request for a new run of the same resolved recipe.</summary>
    /// <exception cref="OpdException">OPD3003: nothing was recorded.</exception>
    public static RunRequest Request(Run run, DateTimeOffset now)
    {
        var before = SmallFile.Read<RunRequest>(Path.Combine(run.Folder, RunFiles.Request));
        JsonObject? resolved = Read(run.Folder);
        if (resolved is null) // it failed before it could resolve anything: what was asked for is all there is
            return before is null ? throw new OpdException(ErrorCodes.RunFolder, $"{run.Folder} holds no recipe. Start the recipe's file instead.") : before with { Created = now, Name = run.Name };
        // As if it lay where the recipe was: what is relative in it stays relative to that folder.
        string? recipeFolder = resolved["run"]?["recipeFolder"]?.GetValue<string>();
        string path = before?.RecipePath ?? (recipeFolder is null ? Path.Combine(run.Folder, "recipe.json") : Path.Combine(recipeFolder, "recipe.json"));
        resolved.Remove("run");
        return new RunRequest { Created = now, Name = run.Name, RecipePath = path, Recipe = resolved.ToJsonString(s_indented) };
    }

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };
}
