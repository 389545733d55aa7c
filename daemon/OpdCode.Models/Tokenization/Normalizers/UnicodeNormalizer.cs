using System.Globalization;
using System.Text;

namespace OpdCode.Models.Tokenization.Normalizers;

/// <summary>The four normalization forms of Unicode (UAX #15).</summary>
internal sealed class UnicodeNormalizer(NormalizationForm form) : INormalizer
{
    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TrailCount;

    private readonly bool _compatible = form is NormalizationForm.FormKC or NormalizationForm.FormKD;
    private readonly bool _compose = form is NormalizationForm.FormC or NormalizationForm.FormKC;

    // Below this, every character is in the form already and nothing combines.
    private readonly char _firstChanging = form switch
    {
        NormalizationForm.FormC => '\u0300',
        NormalizationForm.FormD => '\u00C0',
        _ => '\u00A0',
    };

    public static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    public AlignedText Normalize(AlignedText text)
    {
        if (text.Text.IndexOfAnyInRange(_firstChanging, '\uFFFF') < 0)
            return text;
        List<Mark> marks = Decomposed(text);
        Reorder(marks);
        if (_compose)
            Compose(marks);
        return Realign(marks, text.Length);
    }

    private List<Mark> Decomposed(AlignedText text)
    {
        UnicodeTables tables = UnicodeTables.Shared;
        var marks = new List<Mark>(text.Length);
        int index = 0;
        foreach (Rune rune in text.Text.EnumerateRunes())
        {
            int start = text.ByteStart(index);
            int end = text.ByteEnd(index);
            index += rune.Utf16SequenceLength;
            int syllable = rune.Value - SyllableBase;
            if (syllable is >= 0 and < SyllableCount)
            {
                marks.Add(new Mark(LeadBase + (syllable / (VowelCount * TrailCount)), 0, start, end));
                marks.Add(new Mark(VowelBase + (syllable / TrailCount % VowelCount), 0, start, end));
                if (syllable % TrailCount > 0)
                    marks.Add(new Mark(TrailBase + (syllable % TrailCount), 0, start, end));
            }
            else if (tables.Decompose(rune.Value, _compatible) is { } parts)
            {
                foreach (int part in parts)
                    marks.Add(new Mark(part, tables.CombiningClass(part), start, end));
            }
            else
            {
                marks.Add(new Mark(rune.Value, tables.CombiningClass(rune.Value), start, end));
            }
        }

        return marks;
    }

    /// <summary>Sorts every run of combining marks by class, keeping the order within a class.</summary>
    private static void Reorder(List<Mark> marks)
    {
        for (int i = 0; i < marks.Count; i++)
        {
            int run = i;
            while (run < marks.Count && marks[run].Class != 0)
                run++;
            if (run - i > 1)
            {
                Mark[] sorted = marks[i..run].OrderBy(mark => mark.Class).ToArray();
                for (int k = 0; k < sorted.Length; k++)
                    marks[i + k] = sorted[k];
            }

            i = Math.Max(i, run - 1);
        }
    }

    private static void Compose(List<Mark> marks)
    {
        int starter = -1;
        int lastClass = -1; // of the mark before, counted from the starter; -1: right after it
        int written = 0;
        for (int i = 0; i < marks.Count; i++)
        {
            Mark mark = marks[i];
            int composite = starter >= 0 && lastClass < mark.Class ? Pair(marks[starter].Point, mark.Point) : -1;
            if (composite >= 0)
            {
                Mark head = marks[starter];
                marks[starter] = new Mark(composite, 0, Math.Min(head.Start, mark.Start), Math.Max(head.End, mark.End));
                continue;
            }

            if (mark.Class == 0)
            {
                starter = written;
                lastClass = -1;
            }
            else
            {
                lastClass = mark.Class;
            }

            marks[written++] = mark;
        }

        marks.RemoveRange(written, marks.Count - written);
    }

    private static int Pair(int first, int second)
    {
        int lead = first - LeadBase;
        int vowel = second - VowelBase;
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
            return SyllableBase + (((lead * VowelCount) + vowel) * TrailCount);
        int syllable = first - SyllableBase;
        int trail = second - TrailBase;
        if (syllable is >= 0 and < SyllableCount && syllable % TrailCount == 0 && trail is > 0 and < TrailCount)
            return first + trail;
        return UnicodeTables.Shared.Compose(first, second);
    }

    /// <summary>Characters whose origins overlap (one became several, or marks changed places) share the whole range.</summary>
    private static AlignedText Realign(List<Mark> marks, int capacity)
    {
        var result = new AlignedText(capacity);
        var group = new StringBuilder();
        var startsFrom = new int[marks.Count + 1]; // the least start from here on
        startsFrom[marks.Count] = int.MaxValue;
        for (int i = marks.Count - 1; i >= 0; i--)
            startsFrom[i] = Math.Min(marks[i].Start, startsFrom[i + 1]);
        for (int i = 0; i < marks.Count;)
        {
            int start = startsFrom[i];
            int end = marks[i].End;
            int next = i + 1;
            while (startsFrom[next] < end)
                end = Math.Max(end, marks[next++].End);

            if (next == i + 1)
            {
                result.Append(new Rune(marks[i].Point), start, end);
            }
            else
            {
                group.Clear();
                foreach (Mark mark in marks[i..next])
                    group.Append(new Rune(mark.Point).ToString());
                result.AppendReplacement(group.ToString(), start, end);
            }

            i = next;
        }

        return result;
    }

    private readonly record struct Mark(int Point, byte Class, int Start, int End);
}
