using System.Text.Json;
using OpdCode.Protocol;

namespace OpdCode.Distillation.Environments;

/// <summary>
/// A harness as data: stages in which the student writes, neighbours from a memory of examples, and the prompts that the
/// judge may be shown in the end, the first whose names all have a value. Two are shipped; others are files of the same form.
/// </summary>
public sealed record HarnessDefinition
{
    private const string Folder = "OpdCode.Distillation.Environments.Harnesses.";

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>The name that people know.</summary>
    public required string Title { get; init; }

    /// <summary>Where it comes from and how sure that is.</summary>
    public required string Source { get; init; }

    /// <summary>What is looked up in the memory, by the name that templates use for it.</summary>
    public IReadOnlyDictionary<string, HarnessRetrieval> Retrieve { get; init; } = new Dictionary<string, HarnessRetrieval>();

    /// <summary>What the student writes, in order.</summary>
    public IReadOnlyList<HarnessStage> Stages { get; init; } = [];

    /// <summary>
    /// The prompt of the judge: the first of these whose names all have a value. None: the rollout is not learned from. {hint}
    /// may be empty, every other name must have a value.
    /// </summary>
    public required IReadOnlyList<string> Final { get; init; }

    /// <summary>Names of the harnesses that are shipped.</summary>
    public static IReadOnlyList<string> Shipped { get; } = [.. typeof(HarnessDefinition).Assembly.GetManifestResourceNames()
        .Where(n => n.StartsWith(Folder, StringComparison.Ordinal)).Select(n => n[Folder.Length..^".json".Length]).Order(StringComparer.Ordinal)];

    /// <summary>Loads a harness.</summary>
    /// <param name="name">A shipped name, or a JSON file.</param>
    /// <param name="recipeFolder">What a file is relative to.</param>
    /// <exception cref="OpdException">OPD1002 when there is neither; OPD1321 when the file is no harness.</exception>
    public static HarnessDefinition Load(string name, string recipeFolder)
    {
        ArgumentNullException.ThrowIfNull(name);
        string text;
        if (Shipped.Contains(name))
        {
            using var reader = new StreamReader(typeof(HarnessDefinition).Assembly.GetManifestResourceStream($"{Folder}{name}.json")!);
            text = reader.ReadToEnd();
        }
        else
        {
            string path = Path.GetFullPath(name.Replace('\\', '/'), recipeFolder);
            if (!File.Exists(path))
                throw new OpdException(ErrorCodes.FileNotFound, $"signal.context.harness is \"{name}\": neither a harness that is shipped ({string.Join(", ", Shipped)}) nor the file {path}.");
            text = File.ReadAllText(path);
        }
        try
        {
            HarnessDefinition harness = JsonSerializer.Deserialize<HarnessDefinition>(text, s_options) ?? throw new JsonException("null is no harness");
            return harness.Final.Count > 0 ? harness : throw new JsonException("\"final\" is empty: no prompt for the judge");
        }
        catch (JsonException failure)
        {
            throw new OpdException(ErrorCodes.ContextInvalid, $"The harness {name} cannot be read: {failure.Message} It needs \"title\", \"source\" and \"final\"; plan-solve is an example.", failure);
        }
    }
}
