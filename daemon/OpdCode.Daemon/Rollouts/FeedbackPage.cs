using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Makes the wire's token feedback of a recorded rollout. Levels are those of the whole rollout, whatever the page.</summary>
internal static class FeedbackPage
{
    /// <summary>A page of a rollout.</summary>
    /// <param name="rollout">The whole rollout.</param>
    /// <param name="from">First token.</param>
    /// <param name="count">Tokens at most; null: all.</param>
    /// <param name="columns">Names of the columns wanted; null: all.</param>
    /// <param name="isWithAlternatives">Whether the most likely tokens come as well.</param>
    public static TokenFeedback Of(RolloutLine rollout, int from, int? count, IReadOnlyList<string>? columns, bool isWithAlternatives)
    {
        from = Math.Clamp(from, 0, rollout.Tokens);
        Range page = from..(from + Math.Min(count ?? int.MaxValue, rollout.Tokens - from));
        string[] texts = rollout.Texts ?? new string[rollout.Tokens];
        (int[] starts, int[] ends) = TokenRanges.Of(rollout);
        int[] words = TokenGroups.Words(rollout.Response, starts, ends), lines = TokenGroups.Lines(rollout.Response, starts);
        ColumnKind[] kinds = [.. ColumnKind.Of(rollout).Where(k => columns is null || columns.Contains(k.Name))];
        var made = new TokenColumn[kinds.Length];
        Parallel.For(0, kinds.Length, i => made[i] = Column(kinds[i], rollout, words, lines, page));
        return new TokenFeedback
        {
            Prompt = rollout.Prompt,
            Response = rollout.Response,
            Reference = rollout.Reference,
            Correct = rollout.Correct,
            Finish = rollout.Finish,
            TotalTokens = rollout.Tokens,
            FromToken = from,
            Ids = rollout.Ids[page],
            Texts = texts[page],
            Starts = starts[page],
            Ends = ends[page],
            Mask = Enumerable.Range(0, rollout.Tokens).Select(t => rollout.IsTrained(t) ? 1 : 0).ToArray()[page],
            Columns = made,
            StudentTop = isWithAlternatives ? Alternatives(rollout, "student", page) : null,
            TeacherTop = isWithAlternatives ? Alternatives(rollout, "teacher", page) : null,
            Spans = ResponseSpans.Of(rollout, starts, ends),
        };
    }

    /// <summary>One column of a page.</summary>
    public static TokenColumn Column(ColumnKind kind, RolloutLine rollout, int[] words, int[] lines, Range page)
    {
        float[] values = kind.Values(rollout);
        double[] own = TokenLevels.ThresholdsOf(values, kind, rollout);
        return new TokenColumn
        {
            Name = kind.Name,
            Label = kind.Label,
            Values = new FloatColumn(values.AsMemory(page)),
            HasSign = kind.HasSign,
            Neutral = kind.Neutral,
            Thresholds = kind.Thresholds,
            SampleThresholds = own,
            Levels = new LevelColumn(TokenLevels.OfTokens(values, kind, kind.Thresholds, rollout).AsMemory(page)),
            SampleLevels = new LevelColumn(TokenLevels.OfTokens(values, kind, own, rollout).AsMemory(page)),
            WordLevels = new LevelColumn(TokenLevels.OfGroups(values, kind, kind.Thresholds, rollout, words).AsMemory(page)),
            LineLevels = new LevelColumn(TokenLevels.OfGroups(values, kind, kind.Thresholds, rollout, lines).AsMemory(page)),
        };
    }

    private static AlternativeRows? Alternatives(RolloutLine rollout, string side, Range page)
    {
        if (rollout.Rows<int[]>($"{side}TopIds") is not { } ids || rollout.Rows<float[]>($"{side}TopLogprobs") is not { } logprobs) return null;
        string[][]? texts = rollout.Rows<string[]>($"{side}TopTexts");
        for (int t = 0; t < ids.Length; t++)
            if (ids[t].Length != logprobs[t].Length || (texts is not null && texts[t].Length != ids[t].Length)) return null; // not aligned: nothing can be said of them
        return new AlternativeRows(ids.AsMemory(page), texts is null ? null : texts.AsMemory(page), logprobs.AsMemory(page));
    }
}
