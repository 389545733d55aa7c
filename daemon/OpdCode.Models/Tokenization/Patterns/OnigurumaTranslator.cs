using System.Globalization;
using System.Text;

namespace OpdCode.Models.Tokenization.Patterns;

/// <summary>
/// Rewrites a regular expression from Oniguruma's Ruby syntax (what Hugging Face's library reads) to .NET's, with the
/// same matches. Where both write the same and mean different things, the meaning of Oniguruma is spelled out:
/// <c>\w</c>, <c>.</c>, <c>^</c>, <c>X++</c>, <c>X{1,3}+</c> (a repeat of a repeat), <c>X{,3}</c>, and case folding
/// (which in <c>(?i:'s)</c> also takes U+017F). What has no translation is refused by name.
/// </summary>
internal sealed class OnigurumaTranslator
{
    private const string WordClass = @"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\u24B6-\u24E9";
    private const int DepthLimit = 50;

    private static readonly string[] s_categories =
    [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cs", "Co", "Cn",
    ];

    private readonly string _pattern;
    private int _position;
    private int _depth;
    private bool _ignoreCase;

    private OnigurumaTranslator(string pattern) => _pattern = pattern;

    private bool AtEnd => _position >= _pattern.Length;

    private char Current => _pattern[_position];

    /// <exception cref="FormatException">The pattern is malformed or uses something that has no translation.</exception>
    public static string Translate(string pattern)
    {
        var translator = new OnigurumaTranslator(pattern);
        string translated = translator.Alternation();
        return translator.AtEnd ? translated : throw translator.Unsupported("an unmatched )");
    }

    private string Alternation()
    {
        if (++_depth > DepthLimit)
            throw Unsupported($"groups nested deeper than {DepthLimit}");
        bool ignoreCase = _ignoreCase;
        var result = new StringBuilder();
        while (!AtEnd && Current != ')')
        {
            if (Current == '|')
            {
                result.Append('|');
                _position++;
            }
            else
            {
                result.Append(Repeat(Atom()));
            }
        }

        _ignoreCase = ignoreCase; // (?i) without a colon holds to the end of its group
        _depth--;
        return result.ToString();
    }

    private string Repeat(string atom)
    {
        while (!AtEnd)
        {
            string quantifier;
            bool interval = false;
            if (Current is '*' or '+' or '?')
            {
                quantifier = Current.ToString();
                _position++;
            }
            else if (Current == '{' && Interval() is { } braces)
            {
                quantifier = braces;
                interval = true;
            }
            else
            {
                break;
            }

            if (atom.Length == 0)
                throw Unsupported("a quantifier with nothing to repeat");
            char suffix = AtEnd ? '\0' : Current;
            if (suffix == '?')
            {
                // X{n}? is an optional X{n} in Ruby's syntax, not a lazy one.
                bool exact = interval && !quantifier.Contains(',', StringComparison.Ordinal);
                atom = exact ? $"(?:(?:{atom}{quantifier})?)" : $"(?:{atom}{quantifier}?)";
                _position++;
            }
            else if (suffix == '+' && !interval)
            {
                atom = $"(?>{atom}{quantifier})";
                _position++;
            }
            else
            {
                atom = $"(?:{atom}{quantifier})";
            }
        }

        return atom;
    }

    private string? Interval()
    {
        int close = _pattern.IndexOf('}', _position);
        if (close < 0)
            return null;
        string[] parts = _pattern[(_position + 1)..close].Split(',');
        bool IsNumber(string s) => s.Length is > 0 and < 6 && s.All(char.IsAsciiDigit);
        string? quantifier = parts switch
        {
            [var n] when IsNumber(n) => $"{{{n}}}",
            [var n, ""] when IsNumber(n) => $"{{{n},}}",
            ["", var m] when IsNumber(m) => $"{{0,{m}}}",
            [var n, var m] when IsNumber(n) && IsNumber(m) => $"{{{n},{m}}}",
            _ => null,
        };
        if (quantifier is not null)
            _position = close + 1;
        return quantifier;
    }

    private string Atom()
    {
        char c = _pattern[_position++];
        switch (c)
        {
            case '(':
                return Group();
            case '[':
                return Class();
            case '.':
                return @"[^\n]";
            case '^':
                return @"(?<![^\n])";
            case '$':
                return @"(?![^\n])";
            case '\\':
                return Escape(insideClass: false);
            case '*' or '+' or '?':
                throw Unsupported("a quantifier with nothing to repeat");
            default:
                return Literal(WholeCharacter(c), insideClass: false);
        }
    }

    private string Group()
    {
        string open = "(?:";
        if (!AtEnd && Current == '?')
        {
            string rest = _pattern[_position..];
            string[] known = ["?:", "?=", "?!", "?<=", "?<!", "?>"];
            if (known.FirstOrDefault(k => rest.StartsWith(k, StringComparison.Ordinal)) is { } kind)
            {
                open = "(" + kind;
                _position += kind.Length;
            }
            else if (rest.StartsWith("?i:", StringComparison.Ordinal))
            {
                _position += 3;
                bool before = _ignoreCase;
                _ignoreCase = true;
                string inner = Close(Alternation());
                _ignoreCase = before;
                return $"(?:{inner})";
            }
            else if (rest.StartsWith("?i)", StringComparison.Ordinal))
            {
                _position += 3;
                _ignoreCase = true;
                return $"(?:{Alternation()})";
            }
            else
            {
                throw Unsupported("the group (" + (rest.Length > 4 ? rest[..4] : rest));
            }
        }

        return open + Close(Alternation()) + ")";
    }

    private string Close(string inner)
    {
        if (AtEnd)
            throw Unsupported("a group that is not closed");
        _position++;
        return inner;
    }

    private string Class()
    {
        var result = new StringBuilder("[");
        if (!AtEnd && Current == '^')
        {
            result.Append('^');
            _position++;
        }

        bool any = false;
        while (true)
        {
            if (AtEnd)
                throw Unsupported("a character class that is not closed");
            char c = _pattern[_position++];
            if (c == ']')
                break;
            if (c == '[')
                throw Unsupported("a character class inside another");
            if (c == '&' && !AtEnd && Current == '&')
                throw Unsupported("an intersection of character classes (&&)");
            any = true;
            result.Append(ClassItem(c));
        }

        return any ? result.Append(']').ToString() : throw Unsupported("an empty character class");
    }

    private string ClassItem(char c)
    {
        if (c == '\\' && !AtEnd && char.IsAsciiLetter(Current) && Current is not ('n' or 'r' or 't' or 'f' or 'v' or 'a' or 'e' or 'x' or 'u'))
            return Escape(insideClass: true);
        int low = ClassCharacter(c);
        bool range = _position + 1 < _pattern.Length && Current == '-' && _pattern[_position + 1] != ']';
        if (!range)
            return Literal(low, insideClass: true);
        _position++;
        int high = ClassCharacter(_pattern[_position++]);
        if (high < low)
            throw Unsupported("a character range that runs backwards");
        string text = $"{Quote(low)}-{Quote(high)}";
        // Case folding of a range: only ASCII letters have partners that patterns of tokenizers rely on.
        if (_ignoreCase)
        {
            for (int letter = Math.Max(low, 'A'); letter <= Math.Min(high, 'z'); letter++)
                text += char.IsAsciiLetter((char)letter) ? Literal(letter, insideClass: true) : "";
        }

        return text;
    }

    private int ClassCharacter(char c)
    {
        if (c == '[')
            throw Unsupported("a character class inside another");
        return c == '\\' ? EscapedCharacter() : WholeCharacter(c);
    }

    private string Escape(bool insideClass)
    {
        if (AtEnd)
            throw Unsupported("a \\ at the end");
        char c = Current;
        switch (c)
        {
            case 'p' or 'P':
                _position++;
                return Category(c);
            case 's' or 'S' or 'd' or 'D':
                _position++;
                return "\\" + c;
            case 'w':
                _position++;
                return insideClass ? WordClass : $"[{WordClass}]";
            case 'W' when !insideClass:
                _position++;
                return $"[^{WordClass}]";
            case 'h':
                _position++;
                return insideClass ? "0-9a-fA-F" : "[0-9a-fA-F]";
            case 'A' or 'z' or 'Z' when !insideClass:
                _position++;
                return "\\" + c;
            default:
                return Literal(EscapedCharacter(), insideClass);
        }
    }

    private string Category(char letter)
    {
        int close = AtEnd || Current != '{' ? -1 : _pattern.IndexOf('}', _position);
        if (close < 0)
            throw Unsupported("\\p without a name in braces");
        string name = _pattern[(_position + 1)..close];
        bool negated = letter == 'P';
        if (name.StartsWith('^'))
        {
            negated = !negated;
            name = name[1..];
        }

        string category = s_categories.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw Unsupported($"the character property \\p{{{name}}}");
        _position = close + 1;
        return $"\\{(negated ? 'P' : 'p')}{{{category}}}";
    }

    /// <summary>Reads what follows a backslash as one character.</summary>
    private int EscapedCharacter()
    {
        if (AtEnd)
            throw Unsupported("a \\ at the end");
        char c = _pattern[_position++];
        switch (c)
        {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'a': return '\a';
            case 'e': return 0x1B;
            case 'x' when !AtEnd && Current == '{':
                int close = _pattern.IndexOf('}', _position);
                string braced = close < 0 ? "" : _pattern[(_position + 1)..close];
                _position = close + 1;
                return Hexadecimal(braced);
            case 'x':
                return Hexadecimal(Take(2));
            case 'u':
                return Hexadecimal(Take(4));
            default:
                if (char.IsAsciiLetterOrDigit(c))
                    throw Unsupported("\\" + c);
                return WholeCharacter(c);
        }
    }

    private string Take(int count)
    {
        if (_position + count > _pattern.Length)
            throw Unsupported("a character code that is cut off");
        _position += count;
        return _pattern.Substring(_position - count, count);
    }

    private int Hexadecimal(string digits) =>
        int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) && Rune.IsValid(value)
            ? value
            : throw Unsupported($"the character code {digits}");

    private int WholeCharacter(char c)
    {
        if (!char.IsSurrogate(c))
            return c;
        if (!AtEnd && char.IsSurrogatePair(c, Current))
            return char.ConvertToUtf32(c, _pattern[_position++]);
        throw Unsupported("half of a surrogate pair");
    }

    private string Literal(int character, bool insideClass)
    {
        string quoted = Quote(character);
        if (!_ignoreCase || character > 0xFFFF)
            return quoted;
        char upper = char.ToUpperInvariant((char)character);
        char lower = char.ToLowerInvariant((char)character);
        if (upper == lower)
            return quoted;
        // The two letters outside ASCII that fold to ASCII: the long s and the Kelvin sign.
        string more = lower switch { 's' => @"\u017F", 'k' => @"\u212A", _ => "" };
        string both = Quote(upper) + Quote(lower) + more;
        return insideClass ? both : $"[{both}]";
    }

    private string Quote(int character) => character switch
    {
        // Texts are matched with stand-ins for these, so a pattern cannot name one.
        > 0xFFFF => throw Unsupported($"the character U+{character:X} (beyond U+FFFF)"),
        _ when char.IsAsciiLetterOrDigit((char)character) => ((char)character).ToString(),
        _ => $"\\u{character:X4}",
    };

    private FormatException Unsupported(string what) =>
        new($"the pattern {_pattern} uses {what} (near position {_position}), which is not supported");
}
