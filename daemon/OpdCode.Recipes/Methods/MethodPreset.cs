using System.Text.Json.Nodes;

namespace OpdCode.Recipes.Methods;

/// <summary>A published algorithm as recipe settings. What a recipe writes itself wins over these.</summary>
public sealed record MethodPreset
{
    /// <summary>The name in <c>"method": "…"</c>: the name of the file under Methods/.</summary>
    public string Name { get; init; } = "";

    /// <summary>The name that people know.</summary>
    public required string Title { get; init; }

    /// <summary>Authors and title.</summary>
    public required string Paper { get; init; }

    /// <summary>Where to read it.</summary>
    public required string Url { get; init; }

    /// <summary>Year of the first version.</summary>
    public required int Year { get; init; }

    /// <summary>How sure we are of these settings.</summary>
    public required MethodEvidence Evidence { get; init; }

    /// <summary>What it does, in one line.</summary>
    public required string Summary { get; init; }

    /// <summary>The settings: the algorithm only. Scale (batch, lengths, learning rate, LoRA) belongs to model and machine.</summary>
    public required JsonObject Settings { get; init; }
}
