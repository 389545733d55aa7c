using System.Text.Json.Nodes;
using OpdCode.Models.Preflight;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Methods;

namespace OpdCode.Daemon.Serving;

/// <summary>Recipes' problems, methods and estimates as the wire has them. Recipes count lines and columns from 1, the wire from 0.</summary>
internal static class RecipeWire
{
    public static IReadOnlyList<RecipeProblem> Problems(RecipeReading reading) => [.. reading.Problems.Select(p => new RecipeProblem
    {
        Code = p.Code,
        Severity = p.Severity switch { ProblemSeverity.Error => "error", ProblemSeverity.Warning => "warning", _ => "information" },
        Path = p.Path,
        Range = new TextRange(p.Line - 1, p.Column - 1, p.EndLine - 1, p.EndColumn - 1),
        Message = p.Message,
        Help = RpcErrors.HelpOf(p.Code),
        Fix = p.Fix is not { } fix ? null : new RecipeFix(fix.Title, new TextRange(fix.Line - 1, fix.Column - 1, fix.EndLine - 1, fix.EndColumn - 1), fix.NewText),
    })];

    public static MethodInfo Method(MethodPreset preset) => new()
    {
        Name = preset.Name,
        Title = preset.Title,
        Summary = preset.Summary,
        Paper = preset.Paper,
        Url = preset.Url,
        Year = preset.Year,
        Evidence = preset.Evidence switch
        {
            MethodEvidence.OfficialCode => "official-code",
            MethodEvidence.Paper => "paper",
            MethodEvidence.Notes => "notes",
            _ => "inferred",
        },
    };

    public static RecipeEstimate Estimate(MemoryEstimate memory) => new()
    {
        PeakBytes = memory.Peak,
        AvailableBytes = memory.Free,
        Fits = memory.Fits,
        Summary = memory.Summary,
        Parts = new Dictionary<string, long>
        {
            ["student"] = memory.Student,
            ["teacher"] = memory.Teacher,
            ["gradients"] = memory.Gradients,
            ["optimizer"] = memory.Optimizer,
            ["sampling"] = memory.Sampling,
            ["activations"] = memory.Activations,
            ["loss"] = memory.Loss,
            ["runtime"] = memory.Runtime,
        },
    };

    /// <summary>The value of a setting such as <c>stabilizers[0].gamma</c> as JSON text.</summary>
    public static string ValueAt(JsonNode root, string path)
    {
        JsonNode? at = root;
        foreach (string step in path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.'))
            at = at is JsonArray items ? items[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)] : at?[step];
        return at is null ? "null" : at.ToJsonString(ProtocolJson.Options);
    }
}
