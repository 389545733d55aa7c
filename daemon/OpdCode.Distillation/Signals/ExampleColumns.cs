using System.Text.Json.Nodes;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Generation;
using OpdCode.Protocol;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Signals;

/// <summary>The values that a context's template may name: the columns of an example, and those of another one.</summary>
/// <param name="examples">The training data.</param>
/// <param name="file">Where they come from, for messages.</param>
/// <param name="seed">Of the choice of other examples.</param>
internal sealed class ExampleColumns(IReadOnlyList<TrainingExample> examples, string file, long seed)
{
    private const string OtherPrefix = "other.";

    /// <summary>The value of a name for an example.</summary>
    /// <param name="example">Its place in the data.</param>
    /// <param name="name">A column, or other.COLUMN.</param>
    /// <param name="setting">Where the template stands, for messages.</param>
    /// <param name="which">Keeps several contexts apart, so that each draws another example.</param>
    /// <exception cref="OpdException">OPD1203 naming file, line and column.</exception>
    public string Value(int example, string name, string setting, int which)
    {
        bool ofOther = name.StartsWith(OtherPrefix, StringComparison.Ordinal);
        TrainingExample source = examples[ofOther ? Other(example, which) : example];
        string column = ofOther ? name[OtherPrefix.Length..] : name;
        return Column(source, column) ?? throw new OpdException(ErrorCodes.DataColumnMissing,
            $"{file}, line {source.Line}: {setting} names {{{name}}}, and the line has no \"{column}\". Add the column, or change the text.");
    }

    /// <summary>A column as text; null when the example does not have it.</summary>
    public static string? Column(TrainingExample example, string name) => name switch
    {
        "prompt" => Prompt(example),
        "completion" => example.Completion,
        "answer" => example.Answer,
        "privileged_context" => example.PrivilegedContext,
        _ => example.Extra?[name] switch
        {
            null => null,
            JsonValue value when value.TryGetValue(out string? text) => text,
            JsonNode other => other.ToJsonString(),
        },
    };

    /// <summary>The prompt, or the last message of the conversation.</summary>
    public static string Prompt(TrainingExample example) => example.Prompt ?? example.Messages?[^1].Content ?? "";

    // Any example but this one, the same in every step: a function of seed, example and context alone.
    private int Other(int example, int which)
    {
        if (examples.Count < 2) throw new OpdException(ErrorCodes.ContextInvalid, $"{file} holds one example, and a context asks for another one ({{other.…}}). Add examples.");
        int at = (int)(CounterRandom.Uniform(seed, RandomStream.OtherExamples + which, example) * (examples.Count - 1));
        return at < example ? at : at + 1;
    }
}
