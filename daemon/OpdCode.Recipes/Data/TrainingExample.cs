using System.Text.Json.Nodes;

namespace OpdCode.Recipes.Data;

/// <summary>One line of a data file. Exactly one of <see cref="Prompt"/> and <see cref="Messages"/> is set.</summary>
public sealed record TrainingExample
{
    /// <summary>The prompt as one text.</summary>
    public string? Prompt { get; init; }

    /// <summary>The prompt as a conversation.</summary>
    public IReadOnlyList<ChatMessageRecord>? Messages { get; init; }

    /// <summary>The response to learn from, for the supervised objective.</summary>
    public string? Completion { get; init; }

    /// <summary>The known answer that a response can be checked against.</summary>
    public string? Answer { get; init; }

    /// <summary>What a self-teacher may see and the student may not: a solution, a hint, feedback.</summary>
    public string? PrivilegedContext { get; init; }

    /// <summary>All other columns; null when there are none.</summary>
    public JsonObject? Extra { get; init; }

    /// <summary>The line in the file, counted from 1 (a Parquet file: the row); 0 where it was not counted.</summary>
    public required int Line { get; init; }

    /// <summary>The prompt, or the last message of the conversation.</summary>
    public string LastPrompt => Prompt ?? Messages?[^1].Content ?? "";

    /// <summary>A column as text; null when the example does not have it.</summary>
    /// <param name="name">prompt (of a conversation its last message), completion, answer, privileged_context or any other column.</param>
    public string? Column(string name) => name switch
    {
        "prompt" => LastPrompt,
        "completion" => Completion,
        "answer" => Answer,
        "privileged_context" => PrivilegedContext,
        _ => Extra?[name] switch
        {
            null => null,
            JsonValue value when value.TryGetValue(out string? text) => text,
            JsonNode other => other.ToJsonString(),
        },
    };
}
