using System.Text;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>Text functions with Python's meaning, shared by filters and methods.</summary>
internal static class PythonString
{
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    /// <summary>Removes characters at the ends: those given, or white space when null.</summary>
    public static string Strip(string text, string? characters, bool left, bool right)
    {
        bool Goes(char c) => characters is null ? IsSpace(c) : characters.Contains(c, StringComparison.Ordinal);
        int start = 0;
        int end = text.Length;
        while (left && start < end && Goes(text[start]))
            start++;
        while (right && end > start && Goes(text[end - 1]))
            end--;
        return text[start..end];
    }

    /// <summary>Cuts at a separator, at most so often (negative: always). Null cuts at runs of white space, and nothing empty comes out.</summary>
    public static List<object?> Split(string text, string? separator, int limit, bool fromRight)
    {
        if (separator is null)
            return SplitAtSpaces(text, limit, fromRight);
        var parts = new List<object?>();
        string rest = text;
        while (limit < 0 || parts.Count < limit)
        {
            int at = fromRight ? rest.LastIndexOf(separator, StringComparison.Ordinal) : rest.IndexOf(separator, StringComparison.Ordinal);
            if (at < 0)
                break;
            parts.Add(fromRight ? rest[(at + separator.Length)..] : rest[..at]);
            rest = fromRight ? rest[..at] : rest[(at + separator.Length)..];
        }

        parts.Add(rest);
        if (fromRight)
            parts.Reverse();
        return parts;
    }

    public static List<object?> Lines(string text, bool keepEnds)
    {
        var lines = new List<object?>();
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\u001C' or '\u001D' or '\u001E' or '\u0085' or '\u2028' or '\u2029'))
                continue;
            int end = text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? i + 2 : i + 1;
            lines.Add(text[start..(keepEnds ? end : i)]);
            start = end;
            i = end - 1;
        }

        if (start < text.Length)
            lines.Add(text[start..]);
        return lines;
    }

    public static string Replace(string text, string old, string with, int count)
    {
        if (count < 0 && old.Length > 0)
            return text.Replace(old, with, StringComparison.Ordinal);
        var result = new StringBuilder();
        int from = 0;
        for (int i = 0; count < 0 || i < count; i++)
        {
            // An empty text is found before every character, and at the end.
            int at = old.Length > 0 ? text.IndexOf(old, from, StringComparison.Ordinal) : i <= text.Length ? i : -1;
            if (at < 0)
                break;
            result.Append(text, from, at - from).Append(with);
            from = at + old.Length;
        }

        return result.Append(text, from, text.Length - from).ToString();
    }

    public static bool IsUpper(string text) => text.Any(char.IsUpper) && !text.Any(char.IsLower);

    public static bool IsLower(string text) => text.Any(char.IsLower) && !text.Any(char.IsUpper);

    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>Python's str.title: a letter after anything but a letter is upper case.</summary>
    public static string Title(string text) => WithInitials(text, before => !char.IsLetter(before));

    /// <summary>Jinja's filter title: words begin after white space, hyphens and opening brackets.</summary>
    public static string TitleOfWords(string text) => WithInitials(text, before => IsSpace(before) || before is '-' or '(' or '[' or '{' or '<');

    public static string Center(string text, int width)
    {
        int missing = width - text.Length;
        int left = (missing / 2) + (missing & width & 1); // Python gives the odd one to the left only in an odd width
        return missing <= 0 ? text : new string(' ', left) + text + new string(' ', missing - left);
    }

    private static string WithInitials(string text, Func<char, bool> begins)
    {
        var result = new StringBuilder(text.Length);
        char before = ' ';
        foreach (char c in text)
        {
            result.Append(begins(before) ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c));
            before = c;
        }

        return result.ToString();
    }

    private static List<object?> SplitAtSpaces(string text, int limit, bool fromRight)
    {
        var parts = new List<object?>();
        string rest = Strip(text, null, left: limit < 0 || !fromRight, right: limit < 0 || fromRight);
        while (rest.Length > 0 && (limit < 0 || parts.Count < limit))
        {
            int at = 0;
            int space = -1;
            for (; at < rest.Length && space < 0; at++)
            {
                int index = fromRight ? rest.Length - 1 - at : at;
                if (IsSpace(rest[index]))
                    space = index;
            }

            if (space < 0)
                break;
            parts.Add(fromRight ? rest[(space + 1)..] : rest[..space]);
            rest = fromRight ? Strip(rest[..space], null, left: false, right: true) : Strip(rest[(space + 1)..], null, left: true, right: false);
        }

        if (rest.Length > 0)
            parts.Add(rest);
        if (fromRight)
            parts.Reverse();
        return parts;
    }
}
