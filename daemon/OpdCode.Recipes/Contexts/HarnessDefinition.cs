using System.Text.Json;
using OpdCode.Protocol;

namespace OpdCode.Recipes.Contexts;

/// <summary>
/// A harness as data: stages in which the student writes, neighbours from a memory of examples, and the prompts that the
/// judge may be shown in the end, the first whose names all have a value. Two are shipped; others are files of the same form.
/// </summary>
public sealed record HarnessDefinition
{
    /// <summary>The name that templates use for the recipe's hint; it may be empty.</summary>
    public const string HintName = "hint";

    private const string Folder = "OpdCode.Recipes.Contexts.Harnesses.";

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

    /// <summary>Refuses a name that nothing will ever give: a slip of the pen, not an example to leave out.</summary>
    /// <param name="name">What the recipe calls the harness, for messages.</param>
    /// <param name="columns">Columns of the data.</param>
    /// <exception cref="OpdException">OPD1321 naming what is not known, where, and what is.</exception>
    public void CheckNames(string name, IEnumerable<string> columns)
    {
        HashSet<string> known = [HintName, "prompt", "completion", "answer", "privileged_context", .. columns, .. Retrieve.Keys];
        foreach (HarnessStage stage in Stages)
        {
            Check(stage.Prompt, $"stage {stage.Name}");
            known.Add(stage.Name);
        }
        foreach (string final in Final) Check(final, "final");
        foreach (HarnessRetrieval retrieval in Retrieve.Values)
            foreach (string stage in new[] { retrieval.SameAnswerAs, retrieval.OtherAnswerThan }.OfType<string>())
                if (!Stages.Any(s => s.Name == stage)) throw Unknown(stage, "retrieve", Stages.Select(s => s.Name));

        void Check(string text, string where)
        {
            foreach (string used in ContextTemplate.Parse(text, $"{where} of the harness").Names)
                if (!known.Contains(used)) throw Unknown(used, where, known);
        }

        OpdException Unknown(string used, string where, IEnumerable<string> there) => new(ErrorCodes.ContextInvalid,
            $"The harness {name} names {{{used}}} in {where}, which nothing gives. Known there: {string.Join(", ", there)}.");
    }
}
