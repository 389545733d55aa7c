using OpdCode.Protocol;
using OpdCode.Recipes.Reading;

namespace OpdCode.Recipes.Editing;

/// <summary>Turns a cure into one edit of a recipe's text: what lies between the first and the last character that it changes.</summary>
internal static class CureText
{
    /// <summary>The edit; null where it would not help: a value comes from an override, or nothing in the text changes.</summary>
    /// <param name="text">The recipe, without a byte order mark.</param>
    /// <param name="root">Its tree, with what overrides and the preset added.</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="cure">What is to be changed.</param>
    public static ProblemFix? Edit(string text, LocatedValue root, LineMap lines, Cure cure)
    {
        string changed = text;
        foreach ((string setting, string? value) in cure.Changes)
        {
            if (SettingPlace.Find(root, setting).Value?.Origin == ValueOrigin.Set) return null;
            try
            {
                changed = value is null ? RecipeEditor.Remove(changed, setting) : RecipeEditor.Set(changed, setting, value);
            }
            catch (OpdException)
            {
                return null; // the text cannot be read, or the preset holds the list that an item of would change
            }
        }
        return changed == text ? null : Between(text, changed, lines, cure.Title);
    }

    /// <summary>The smallest edit that turns one text into another.</summary>
    public static ProblemFix Between(string text, string changed, LineMap lines, string title)
    {
        int start = 0, most = Math.Min(text.Length, changed.Length);
        while (start < most && text[start] == changed[start]) start++;
        int same = 0;
        while (same < most - start && text[^(same + 1)] == changed[^(same + 1)]) same++;
        // No editor can put a cursor between \r and \n, or between the halves of a character.
        if (start > 0 && IsInside(text, start)) start--;
        if (same > 0 && IsInside(text, text.Length - same)) same--;
        (int line, int column) = lines.Locate(start);
        (int endLine, int endColumn) = lines.Locate(text.Length - same);
        return new ProblemFix { Title = title, Line = line, Column = column, EndLine = endLine, EndColumn = endColumn, NewText = changed[start..^same] };
    }

    private static bool IsInside(string text, int at) => at < text.Length && (text[at - 1] == '\r' && text[at] == '\n' || char.IsSurrogatePair(text[at - 1], text[at]));
}
