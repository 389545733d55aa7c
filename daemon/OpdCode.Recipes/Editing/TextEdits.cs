using OpdCode.Recipes.Reading;

namespace OpdCode.Recipes.Editing;

/// <summary>Edits of a JSON text with comments, gathered and then applied together. Offsets are those of the tree, which does not count a byte order mark.</summary>
internal sealed class TextEdits(string text, int mark)
{
    private readonly List<(int Start, int End, string NewText)> _edits = [];
    private readonly string _text = text[mark..];

    private string LineEnd => _text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";

    public void Replace(int start, int end, string newText) => _edits.Add((start, end, newText));

    /// <summary>Adds a member or an item behind the last one, laid out like it.</summary>
    public void AddTo(LocatedValue parent, string added)
    {
        int[] ends = parent.Kind == System.Text.Json.JsonValueKind.Object ? [.. parent.Members.Select(m => m.Value.End)] : [.. parent.Items.Select(i => i.End)];
        int[] starts = parent.Kind == System.Text.Json.JsonValueKind.Object ? [.. parent.Members.Select(m => m.KeyStart)] : [.. parent.Items.Select(i => i.Start)];
        if (ends.Length == 0)
        {
            AddFirst(parent, added);
            return;
        }
        int last = ends.Max(), tail = EndOfTail(last, out int comma);
        bool isOnOwnLine = IsFirstOnLine(starts.Max());
        if (comma < 0) Replace(last, last, ",");
        string trailing = comma < 0 ? "" : ",";
        if (isOnOwnLine) Replace(tail, tail, $"{LineEnd}{Indent(starts.Max())}{added}{trailing}");
        else Replace(comma < 0 ? last : comma + 1, comma < 0 ? last : comma + 1, $" {added}{trailing}");
    }

    private void AddFirst(LocatedValue parent, string added)
    {
        string inside = _text[(parent.Start + 1)..(parent.End - 1)];
        int at = parent.Start + 1;
        if (inside.Trim().Length == 0 && !inside.Contains('\n', StringComparison.Ordinal))
        {
            string pad = _text[parent.Start] == '{' ? " " : "";
            Replace(at, parent.End - 1, $"{pad}{added}{pad}");
            return;
        }
        // A comment may follow the bracket on its line; the text goes below it.
        int tail = EndOfTail(at, out _);
        Replace(tail, tail, $"{LineEnd}{Indent(parent.Start)}  {added}");
    }

    /// <summary>Removes a member or an item.</summary>
    public void RemoveFrom(LocatedValue parent, LocatedValue child)
    {
        int index = parent.Members.FindIndex(m => ReferenceEquals(m.Value, child));
        int start = index >= 0 ? parent.Members[index].KeyStart : child.Start;
        if (index < 0) index = parent.Items.IndexOf(child);
        int[] ends = parent.Members.Count > 0 ? [.. parent.Members.Select(m => m.Value.End)] : [.. parent.Items.Select(i => i.End)];
        int tail = EndOfTail(child.End, out int comma);
        if (comma < 0 && index > 0)
        {
            // The last one: the comma before it goes as well.
            _ = EndOfTail(ends[index - 1], out int before);
            if (before >= 0 && before < start) Replace(before, before + 1, "");
        }
        if (IsFirstOnLine(start) && EndsLine(tail))
        {
            int lineStart = _text.LastIndexOf('\n', Math.Max(start - 1, 0)) + 1;
            int lineEnd = _text.IndexOf('\n', tail);
            Replace(lineStart, lineEnd < 0 ? tail : lineEnd + 1, "");
            return;
        }
        int end = comma >= 0 ? comma + 1 : child.End;
        while (comma >= 0 && end < _text.Length && _text[end] == ' ') end++;
        while (comma < 0 && start > 0 && _text[start - 1] == ' ') start--;
        Replace(start, end, "");
    }

    public string Apply()
    {
        string result = _text;
        // From the back, so that offsets stay true; what was asked for later goes behind what was asked for earlier.
        foreach ((int start, int end, string newText) in _edits.Select((e, i) => (e, i)).OrderByDescending(x => x.e.Start).ThenByDescending(x => x.i).Select(x => x.e))
            result = string.Concat(result.AsSpan(0, start), newText, result.AsSpan(end));
        return text[..mark] + result;
    }

    // Where what belongs to a value ends: its comma, and comments on its line.
    private int EndOfTail(int at, out int comma)
    {
        comma = -1;
        int tail = at;
        for (int i = at; i < _text.Length; i++)
        {
            if (_text[i] == ',' && comma < 0) (comma, tail) = (i, i + 1);
            else if (_text[i] is ' ' or '\t') continue;
            else if (_text[i] == '/' && i + 1 < _text.Length && _text[i + 1] == '/')
            {
                int end = _text.IndexOfAny(['\r', '\n'], i);
                tail = end < 0 ? _text.Length : end;
                break;
            }
            else if (_text[i] == '/' && i + 1 < _text.Length && _text[i + 1] == '*')
            {
                int end = _text.IndexOf("*/", i + 2, StringComparison.Ordinal);
                if (end < 0) break;
                i = end + 1;
                tail = end + 2;
            }
            else break;
        }
        if (comma < 0) comma = CommaBelow(tail);
        return tail;
    }

    // A comma may stand on a later line, behind comments.
    private int CommaBelow(int at)
    {
        for (int i = at; i < _text.Length; i++)
        {
            if (_text[i] == ',') return i;
            if (char.IsWhiteSpace(_text[i])) continue;
            if (_text[i] != '/' || i + 1 >= _text.Length) return -1;
            int end = _text[i + 1] == '/' ? _text.IndexOf('\n', i) : _text.IndexOf("*/", i + 2, StringComparison.Ordinal) + 1;
            if (end <= 0) return -1;
            i = end;
        }
        return -1;
    }

    private bool IsFirstOnLine(int at)
    {
        for (int i = at - 1; i >= 0 && _text[i] != '\n'; i--)
            if (!char.IsWhiteSpace(_text[i])) return false;
        return true;
    }

    private bool EndsLine(int at)
    {
        for (int i = at; i < _text.Length && _text[i] != '\n'; i++)
            if (!char.IsWhiteSpace(_text[i])) return false;
        return true;
    }

    private string Indent(int at)
    {
        int line = _text.LastIndexOf('\n', Math.Max(at - 1, 0)) + 1, end = line;
        while (end < _text.Length && _text[end] is ' ' or '\t') end++;
        return _text[line..end];
    }
}
