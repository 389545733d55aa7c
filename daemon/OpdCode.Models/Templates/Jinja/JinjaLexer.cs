using System.Globalization;
using System.Text;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>
/// Cuts a template into tokens. White space as transformers sets Jinja up: the newline after a block goes
/// (trim_blocks), spaces before a block that begins its line go (lstrip_blocks), "-" takes all white space on its
/// side, "+" keeps it, and one newline at the very end of the template goes.
/// </summary>
internal sealed class JinjaLexer
{
    private static readonly string[] s_operators = ["//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private int _position;
    private int _line = 1;
    private bool _stripNext;
    private bool _lineStarts = true; // nothing but white space since the last newline, tags included

    private JinjaLexer(string source)
    {
        string text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = text.EndsWith('\n') ? text[..^1] : text;
    }

    public static List<JinjaToken> Tokenize(string source)
    {
        var lexer = new JinjaLexer(source);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_position < _source.Length)
        {
            int open = NextTag(_position);
            Data(open);
            if (open >= _source.Length)
                break;
            char kind = _source[open + 1];
            _position = open + 2;
            char sign = _position < _source.Length ? _source[_position] : '\0';
            // "{%-1 %}" cannot be told from a sign; Jinja takes it as one too.
            if (sign is '-' or '+')
                _position++;
            switch (kind)
            {
                case '#':
                    Comment(open);
                    break;
                case '%' when RawBody():
                    break;
                case '%':
                    Add(JinjaTokenKind.BlockStart, "{%");
                    Inside("%}", JinjaTokenKind.BlockEnd);
                    AfterBlock();
                    break;
                default:
                    Add(JinjaTokenKind.PrintStart, "{{");
                    Inside("}}", JinjaTokenKind.PrintEnd);
                    _lineStarts = false;
                    break;
            }
        }

        Add(JinjaTokenKind.End, "the end of the template");
    }

    private int NextTag(int from)
    {
        for (int i = _source.IndexOf('{', from); i >= 0 && i + 1 < _source.Length; i = _source.IndexOf('{', i + 1))
        {
            if (_source[i + 1] is '{' or '%' or '#')
                return i;
        }

        return _source.Length;
    }

    /// <summary>Emits the text up to a tag, less what the tags on both sides take away.</summary>
    private void Data(int open)
    {
        string text = _source[_position..open];
        int line = _line;
        CountLines(text);
        char kind = open + 1 < _source.Length ? _source[open + 1] : '\0';
        char sign = open + 2 < _source.Length ? _source[open + 2] : '\0';
        string kept = text;
        if (kind != '\0' && sign == '-')
        {
            kept = kept.TrimEnd();
        }
        else if (kind is '%' or '#' && sign != '+')
        {
            int lineStart = kept.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || _lineStarts) && kept.AsSpan(lineStart).IsWhiteSpace())
                kept = kept[..lineStart];
        }

        if (_stripNext)
            kept = kept.TrimStart();
        _stripNext = false;
        if (kept.Length > 0)
            _tokens.Add(new JinjaToken(JinjaTokenKind.Data, kept, line));
        if (text.Length > 0)
            _lineStarts = text[^1] == '\n';
        _position = open;
    }

    private void Comment(int open)
    {
        int close = _source.IndexOf("#}", open + 2, StringComparison.Ordinal);
        if (close < 0)
            throw JinjaFailure.At(_line, "a comment {# is not closed");
        CountLines(_source.AsSpan(open, close - open));
        _position = close + 2;
        _stripNext = _source[close - 1] == '-' && close - 1 > open + 1;
        if (!_stripNext)
            AfterBlock();
    }

    /// <summary>After %} or #}: one newline goes.</summary>
    private void AfterBlock()
    {
        _lineStarts = false;
        if (_stripNext || (_position >= 3 && _source[_position - 3] == '+'))
            return;
        if (_position < _source.Length && _source[_position] == '\n')
        {
            _position++;
            _line++;
            _lineStarts = true;
        }
    }

    /// <summary>Takes {% raw %} ... {% endraw %} as text.</summary>
    private bool RawBody()
    {
        int at = SkipSpaces(_position);
        if (!_source.AsSpan(at).StartsWith("raw", StringComparison.Ordinal))
            return false;
        at = SkipSpaces(at + 3);
        if (at < _source.Length && _source[at] is '-' or '+')
            at++;
        if (!_source.AsSpan(at).StartsWith("%}", StringComparison.Ordinal))
            return false;
        bool strip = _source[at - 1] == '-';
        int start = at + 2;
        for (int open = start; (open = _source.IndexOf("{%", open, StringComparison.Ordinal)) >= 0; open += 2)
        {
            int inner = open + 2;
            bool stripBefore = inner < _source.Length && _source[inner] == '-';
            if (inner < _source.Length && _source[inner] is '-' or '+')
                inner++;
            inner = SkipSpaces(inner);
            if (!_source.AsSpan(inner).StartsWith("endraw", StringComparison.Ordinal))
                continue;
            int end = SkipSpaces(inner + 6);
            bool stripAfter = end < _source.Length && _source[end] == '-';
            if (end < _source.Length && _source[end] is '-' or '+')
                end++;
            if (!_source.AsSpan(end).StartsWith("%}", StringComparison.Ordinal))
                continue;
            string body = _source[start..open];
            body = strip ? body.TrimStart() : body.StartsWith('\n') ? body[1..] : body;
            body = stripBefore ? body.TrimEnd() : body;
            _tokens.Add(new JinjaToken(JinjaTokenKind.Data, body, _line));
            CountLines(_source.AsSpan(_position, end + 2 - _position));
            _position = end + 2;
            _stripNext = stripAfter;
            AfterBlock();
            return true;
        }

        throw JinjaFailure.At(_line, "{% raw %} is not closed");
    }

    private int SkipSpaces(int at)
    {
        while (at < _source.Length && char.IsWhiteSpace(_source[at]))
            at++;
        return at;
    }

    private void Inside(string end, JinjaTokenKind endKind)
    {
        int openLine = _line;
        int brackets = 0;
        while (true)
        {
            int next = SkipSpaces(_position);
            CountLines(_source.AsSpan(_position, next - _position));
            _position = next;
            if (_position >= _source.Length)
                throw JinjaFailure.At(openLine, $"a tag is not closed with {end}");
            ReadOnlySpan<char> rest = _source.AsSpan(_position);
            if (brackets == 0)
            {
                bool sign = rest[0] is '-' or '+' && rest[1..].StartsWith(end, StringComparison.Ordinal) && (rest[0] == '-' || endKind == JinjaTokenKind.BlockEnd);
                if (sign || rest.StartsWith(end, StringComparison.Ordinal))
                {
                    _stripNext = rest[0] == '-';
                    Add(endKind, end);
                    _position += end.Length + (sign ? 1 : 0);
                    return;
                }
            }

            brackets += Token(rest);
        }
    }

    /// <summary>Reads one token and returns by how much it changes the depth of brackets.</summary>
    private int Token(ReadOnlySpan<char> rest)
    {
        char c = rest[0];
        if (c is '"' or '\'')
        {
            QuotedText(c);
            return 0;
        }

        if (char.IsLetter(c) || c == '_')
        {
            int length = 1;
            while (length < rest.Length && (char.IsLetterOrDigit(rest[length]) || rest[length] == '_'))
                length++;
            Take(JinjaTokenKind.Name, length);
            return 0;
        }

        if (char.IsAsciiDigit(c))
        {
            Number(rest);
            return 0;
        }

        foreach (string known in s_operators)
        {
            if (rest.StartsWith(known, StringComparison.Ordinal))
            {
                Take(JinjaTokenKind.Operator, known.Length);
                return known is "(" or "[" or "{" ? 1 : known is ")" or "]" or "}" ? -1 : 0;
            }
        }

        throw JinjaFailure.At(_line, $"the character {c} is not expected in a tag");
    }

    private void Number(ReadOnlySpan<char> rest)
    {
        int length = Digits(rest, 0);
        bool real = false;
        if (length + 1 < rest.Length && rest[length] == '.' && char.IsAsciiDigit(rest[length + 1]))
        {
            real = true;
            length = Digits(rest, length + 1);
        }

        if (length < rest.Length && rest[length] is 'e' or 'E')
        {
            int exponent = length + 1;
            if (exponent < rest.Length && rest[exponent] is '+' or '-')
                exponent++;
            if (exponent < rest.Length && char.IsAsciiDigit(rest[exponent]))
            {
                real = true;
                length = Digits(rest, exponent);
            }
        }

        string text = rest[..length].ToString().Replace("_", "", StringComparison.Ordinal);
        Add(real ? JinjaTokenKind.Float : JinjaTokenKind.Integer, text);
        _position += length;
    }

    private static int Digits(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '_'))
            at++;
        return at;
    }

    private void QuotedText(char quote)
    {
        var text = new StringBuilder();
        int line = _line;
        int i = _position + 1;
        for (; ; i++)
        {
            if (i >= _source.Length)
                throw JinjaFailure.At(line, $"a text that begins with {quote} is not closed");
            char c = _source[i];
            if (c == quote)
                break;
            if (c == '\n')
                _line++;
            if (c != '\\' || i + 1 >= _source.Length)
            {
                text.Append(c);
                continue;
            }

            c = _source[++i];
            int digits = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            if (digits > 0)
            {
                ReadOnlySpan<char> hexadecimal = _source.AsSpan(i + 1, Math.Min(digits, _source.Length - i - 1));
                if (!int.TryParse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int point) || point is < 0 or > 0x10FFFF || hexadecimal.Length < digits)
                    throw JinjaFailure.At(line, $"\\{c}{hexadecimal} is not a character");
                text.Append(point is >= 0xD800 and < 0xE000 ? ((char)point).ToString() : char.ConvertFromUtf32(point));
                i += digits;
                continue;
            }

            string escape = c switch
            {
                'n' => "\n", 't' => "\t", 'r' => "\r", 'b' => "\b", 'f' => "\f", 'v' => "\v", 'a' => "\a", '0' => "\0",
                '\n' => "", '\\' or '\'' or '"' => c.ToString(),
                _ => "\\" + c, // Python keeps the backslash of an escape it does not know
            };
            text.Append(escape);
        }

        _tokens.Add(new JinjaToken(JinjaTokenKind.String, text.ToString(), line));
        _position = i + 1;
    }

    private void Take(JinjaTokenKind kind, int length)
    {
        Add(kind, _source.Substring(_position, length));
        _position += length;
    }

    private void Add(JinjaTokenKind kind, string text) => _tokens.Add(new JinjaToken(kind, text, _line));

    private void CountLines(ReadOnlySpan<char> text) => _line += text.Count('\n');
}
