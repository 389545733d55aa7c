using System.Globalization;
using System.Text;

namespace OpdCode.Models.Tokenization.Patterns;

/// <summary>Each single character of a kind.</summary>
internal sealed class CharacterPattern(Func<Rune, bool> belongs) : ITextPattern
{
    /// <summary>Numeric characters of every script: Nd, Nl, No.</summary>
    public static bool IsNumeric(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    /// <summary>Unicode punctuation, and ASCII symbols such as $ and +.</summary>
    public static bool IsPunctuation(Rune rune) => Rune.IsPunctuation(rune) || (rune.IsAscii && Rune.IsSymbol(rune));

    public void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (belongs(rune))
                matches.Add((position, rune.Utf16SequenceLength));
            position += rune.Utf16SequenceLength;
        }
    }
}
