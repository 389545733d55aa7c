using OpdCode.Distillation.Stabilizers;

namespace OpdCode.Distillation.Objectives.Explaining;

/// <summary>Texts, sentences and turns of a case, for the rows that are trained.</summary>
internal static class ExplainPlaces
{
    /// <summary>The places; texts and sentences only where every sequence gives them (sentences can be cut from texts).</summary>
    public static ResponsePlaces Of(ExplainCase question)
    {
        bool hasTexts = question.Sequences.All(s => s.Texts is not null);
        bool hasSentences = question.Sequences.All(s => s.Sentences is not null || s.Texts is not null);
        int[][] sentences = hasSentences ? question.Sequences.Select(Sentences).ToArray() : [];
        int[][] turns = question.Sequences.Select(s => Numbers(s.Turns, s.Student.Length, outside: -1)).ToArray();
        return new ResponsePlaces(
            hasTexts ? () => ObjectiveExplainer.Trained(question).Select(r => r.Sequence.Texts![r.Position]).ToArray() : () => null!,
            hasSentences ? () => ObjectiveExplainer.Trained(question).Select(r => sentences[r.Index][r.Position]).ToArray() : () => null!,
            () => ObjectiveExplainer.Trained(question).Select(r => turns[r.Index][r.Position]).ToArray());
    }

    private static int[] Sentences(ExplainSequence sequence)
    {
        if (sequence.Sentences is not null) return Numbers(sequence.Sentences, sequence.Student.Length, outside: null);
        int[] starts = new int[sequence.Texts!.Length];
        for (int t = 1; t < starts.Length; t++) starts[t] = starts[t - 1] + sequence.Texts[t - 1].Length;
        return SentenceSplitter.OfTokens(string.Concat(sequence.Texts), starts);
    }

    // The number of the range that holds each position; outside of all ranges the given number, or that of the range before.
    private static int[] Numbers(int[][]? ranges, int length, int? outside)
    {
        int[] numbers = new int[length];
        if (ranges is null) return numbers;
        for (int t = 0, last = 0; t < length; t++)
        {
            int at = Array.FindIndex(ranges, r => r[0] <= t && t < r[1]);
            if (at >= 0) last = at;
            numbers[t] = at >= 0 ? at : outside ?? last;
        }
        return numbers;
    }
}
