namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// Cuts a text into sentences by fixed rules (it is not NLTK): a sentence ends behind . ! ? … or their wide forms, closing
/// quotes and brackets included, where white space follows, and at every line break. White space belongs to what precedes it.
/// </summary>
internal static class SentenceSplitter
{
    /// <summary>Where each sentence starts, in UTF-16 code units; the first is 0. An empty text has none.</summary>
    public static List<int> Starts(string text)
    {
        List<int> starts = [];
        if (text.Length == 0) return starts;
        starts.Add(0);
        for (int i = 0; i < text.Length; i++)
        {
            int end = End(text, i);
            if (end < 0) continue;
            bool breaks = text[i] == '\n';
            while (end < text.Length && char.IsWhiteSpace(text[end])) end++;
            bool ends = breaks || IsWide(text[i]) || (end > 0 && end <= text.Length && end > i + 1 && char.IsWhiteSpace(text[end - 1]));
            // Blank lines at the start belong to the first sentence: there are no empty ones.
            if (ends && end < text.Length && !string.IsNullOrWhiteSpace(text[starts[^1]..end])) starts.Add(end);
            i = end - 1;
        }
        return starts;
    }

    /// <summary>
    /// The sentence of each token: that which holds the token's first character that is no white space, because many
    /// tokenizers put the space before a word into its token; a token of white space belongs to what precedes it.
    /// </summary>
    /// <param name="text">The response.</param>
    /// <param name="charStart_T">Where each token starts, ascending.</param>
    public static int[] OfTokens(string text, IReadOnlyList<int> charStart_T)
    {
        List<int> starts = Starts(text);
        int[] sentence_T = new int[charStart_T.Count];
        for (int t = 0, at = 0, last = -1, number = -1; t < sentence_T.Length; t++)
        {
            int end = t + 1 < charStart_T.Count ? charStart_T[t + 1] : text.Length, first = charStart_T[t];
            while (first < end && char.IsWhiteSpace(text[first])) first++;
            if (first >= end) first = charStart_T[t];
            while (at + 1 < starts.Count && starts[at + 1] <= first) at++;
            if (at != last) (last, number) = (at, number + 1); // a sentence inside one token has no token of its own
            sentence_T[t] = number;
        }
        return sentence_T;
    }

    // Behind the mark at i and what closes with it; −1 where nothing ends at i.
    private static int End(string text, int i)
    {
        if (text[i] == '\n') return i + 1;
        if (text[i] is not ('.' or '!' or '?' or '…') && !IsWide(text[i])) return -1;
        int end = i + 1;
        while (end < text.Length && text[end] is '.' or '!' or '?' or '…' or '"' or '\'' or ')' or ']' or '”' or '’' or '»' or '」' or '』' or '。' or '！' or '？') end++;
        return end;
    }

    private static bool IsWide(char c) => c is '。' or '！' or '？';
}
