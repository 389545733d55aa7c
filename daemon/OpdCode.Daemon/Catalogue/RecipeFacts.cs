using System.Text.Json;
using OpdCode.Daemon.Work;
using OpdCode.Recipes;

namespace OpdCode.Daemon.Catalogue;

/// <summary>What lists show of a run's recipe.</summary>
internal sealed record RecipeFacts
{
    /// <summary>The run's name as given, else the recipe's.</summary>
    public string? Name { get; init; }

    /// <summary>The method that it names.</summary>
    public string? Method { get; init; }

    /// <summary>Where the recipe is; null when not known.</summary>
    public string? Path { get; init; }

    /// <summary>Steps to do.</summary>
    public int Steps { get; init; }

    /// <summary>The device that is asked for.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>When the run was asked for; null when not recorded.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>When it began to compute; null when not recorded.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>Reads request.json and recipe.json.</summary>
    public static RecipeFacts Read(string folder)
    {
        var request = SmallFile.Read<RunRequest>(System.IO.Path.Combine(folder, RunFiles.Request));
        var resolved = SmallFile.Read<JsonDocument>(System.IO.Path.Combine(folder, "recipe.json"));
        if (resolved?.RootElement.ValueKind == JsonValueKind.Object) return OfResolved(resolved.RootElement, request);
        if (request is null) return new RecipeFacts();
        RecipeReading reading = RecipeReader.Parse(request.Recipe, request.RecipePath, request.Overrides);
        return new RecipeFacts
        {
            Name = request.Name ?? reading.Recipe?.Name ?? reading.DefaultName,
            Method = reading.Recipe?.Method,
            Path = request.RecipePath,
            Steps = reading.Recipe?.Steps ?? 0,
            Device = reading.Recipe?.Device ?? "auto",
            Created = request.Created,
        };
    }

    private static RecipeFacts OfResolved(JsonElement recipe, RunRequest? request) => new()
    {
        Name = request?.Name ?? Text(recipe, "name") ?? (request is null ? null : RecipeReader.Parse("{}", request.RecipePath).DefaultName),
        Method = Text(recipe, "method"),
        Path = request?.RecipePath,
        Steps = recipe.TryGetProperty("steps", out JsonElement steps) && steps.TryGetInt32(out int count) ? count : 0,
        Device = Text(recipe, "device") ?? "auto",
        Created = request?.Created,
        Started = recipe.TryGetProperty("run", out JsonElement run) && run.ValueKind == JsonValueKind.Object && run.TryGetProperty("started", out JsonElement at) && at.TryGetDateTimeOffset(out DateTimeOffset time) ? time : null,
    };

    private static string? Text(JsonElement recipe, string name) => recipe.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
