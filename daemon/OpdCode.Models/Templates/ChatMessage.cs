using System.Text.Json.Nodes;

namespace OpdCode.Models.Templates;

/// <summary>One turn of a conversation, as chat templates see it.</summary>
/// <param name="Role">system, user, assistant, tool, or what else the template knows.</param>
/// <param name="Content">The text of the turn.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>The template's <c>message.tool_calls</c>: a list, or null for none.</summary>
    public JsonNode? ToolCalls { get; init; }

    /// <summary>Further fields of the message (<c>name</c>, <c>tool_call_id</c>, <c>reasoning_content</c> ...); one named like a field above replaces it.</summary>
    public JsonObject? Extra { get; init; }
}
