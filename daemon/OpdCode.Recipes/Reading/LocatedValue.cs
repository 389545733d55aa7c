using System.Text.Json;

namespace OpdCode.Recipes.Reading;

/// <summary>A JSON value that remembers where it stands in the text. Offsets count UTF-16 code units.</summary>
internal sealed class LocatedValue
{
    public required JsonValueKind Kind { get; init; }

    /// <summary>Where the value came from.</summary>
    public ValueOrigin Origin { get; set; } = ValueOrigin.Written;

    /// <summary>Offset of the first character.</summary>
    public int Start { get; set; }

    /// <summary>Offset after the last character.</summary>
    public int End { get; set; }

    /// <summary>The string without its quotes, or the number as written; null for the other kinds.</summary>
    public string? Text { get; init; }

    /// <summary>An object's members in the order of the text; a key may occur twice.</summary>
    public List<LocatedMember> Members { get; } = [];

    /// <summary>An array's items.</summary>
    public List<LocatedValue> Items { get; } = [];

    /// <summary>False where the text broke off inside: then nothing may be called missing.</summary>
    public bool IsComplete { get; set; } = true;

    /// <summary>The value of a key (the last one, as JSON parsers take it); null when there is none.</summary>
    public LocatedValue? Find(string key)
    {
        for (int i = Members.Count - 1; i >= 0; i--)
            if (Members[i].Key == key) return Members[i].Value;
        return null;
    }

    /// <summary>The value as a person would name it in a message.</summary>
    public string Describe() => Kind switch
    {
        JsonValueKind.String => $"the text {Quote(Text ?? "")}",
        JsonValueKind.Number => $"the number {Shorten(Text ?? "")}",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "null",
        JsonValueKind.Array => "a list",
        _ => "an object",
    };

    /// <summary>The text in quotes, cut where it would swamp a message.</summary>
    public static string Quote(string text) => $"\"{Shorten(text)}\"";

    private static string Shorten(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 57), "...");
}
