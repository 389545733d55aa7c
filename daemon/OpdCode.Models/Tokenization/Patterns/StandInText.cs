using System.Globalization;
using System.Text;

namespace OpdCode.Models.Tokenization.Patterns;

/// <summary>
/// A text with one UTF-16 unit per character: those beyond U+FFFF are replaced by a rare character of the same general
/// category, which is all that a pattern made of categories and ASCII can tell apart.
/// </summary>
internal readonly ref struct StandInText
{
    private readonly char[] _text;
    private readonly int[] _positions;
    private readonly int _length;

    public StandInText(ReadOnlySpan<char> text)
    {
        _text = new char[text.Length];
        _positions = new int[text.Length + 1];
        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            _positions[_length] = position;
            _text[_length++] = rune.IsBmp ? (char)rune.Value : StandIn(Rune.GetUnicodeCategory(rune));
            position += rune.Utf16SequenceLength;
        }

        _positions[_length] = position;
    }

    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>Where the character at this index begins in the real text.</summary>
    public int Position(int index) => _positions[index];

    internal static char StandIn(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u10A0',
        UnicodeCategory.LowercaseLetter => '\u2D00',
        UnicodeCategory.TitlecaseLetter => '\u1F88',
        UnicodeCategory.ModifierLetter => '\u1D2C',
        UnicodeCategory.OtherLetter => '\u1401',
        UnicodeCategory.NonSpacingMark => '\u1DC0',
        UnicodeCategory.SpacingCombiningMark => '\u1B04',
        UnicodeCategory.EnclosingMark => '\u20DD',
        UnicodeCategory.DecimalDigitNumber => '\u1B50',
        UnicodeCategory.LetterNumber => '\u3021',
        UnicodeCategory.OtherNumber => '\u2CFD',
        UnicodeCategory.SpaceSeparator => '\u2005',
        UnicodeCategory.LineSeparator => '\u2028',
        UnicodeCategory.ParagraphSeparator => '\u2029',
        UnicodeCategory.Control => '\u0080',
        UnicodeCategory.Format => '\u206A',
        UnicodeCategory.Surrogate => '\uFFFD',
        UnicodeCategory.PrivateUse => '\uE000',
        UnicodeCategory.ConnectorPunctuation => '\u203F',
        UnicodeCategory.DashPunctuation => '\u2E3A',
        UnicodeCategory.OpenPunctuation => '\u2E22',
        UnicodeCategory.ClosePunctuation => '\u2E23',
        UnicodeCategory.InitialQuotePunctuation => '\u2E02',
        UnicodeCategory.FinalQuotePunctuation => '\u2E03',
        UnicodeCategory.OtherPunctuation => '\u2CF9',
        UnicodeCategory.MathSymbol => '\u2A00',
        UnicodeCategory.CurrencySymbol => '\u20B0',
        UnicodeCategory.ModifierSymbol => '\uA700',
        UnicodeCategory.OtherSymbol => '\u2800',
        _ => '\u2FE0',
    };
}
