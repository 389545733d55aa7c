namespace OpdCode.Distillation.Runs;

/// <summary>Whether the arrays of a <see cref="RolloutRecord"/> fit each other, so that no reader has to ask again.</summary>
internal static class RolloutShape
{
    private static readonly Dictionary<string, float[]> s_none = [];

    /// <summary>What does not fit, in words with the lengths seen; null when everything fits.</summary>
    public static string? Problem(RolloutRecord rollout)
    {
        int tokens = rollout.TokenIds.Length;
        return PerToken(rollout, tokens) ?? Ranges(rollout) ?? TopK(rollout);
    }

    private static string? PerToken(RolloutRecord rollout, int tokens)
    {
        (string Name, Array? Values)[] arrays =
        [
            ("tokenTexts", rollout.TokenTexts), ("charStart", rollout.CharStart), ("charEnd", rollout.CharEnd),
            ("mask", rollout.Mask), ("samplerLogprobs", rollout.SamplerLogprobs),
            ("studentLogprobs", rollout.StudentLogprobs), ("teacherLogprobs", rollout.TeacherLogprobs),
            ("divergence", rollout.Divergence), ("studentEntropy", rollout.StudentEntropy),
            ("teacherEntropy", rollout.TeacherEntropy), ("advantage", rollout.Advantage), ("weight", rollout.Weight),
            ("loss", rollout.Loss), ("studentTopIds", rollout.StudentTopIds), ("studentTopTexts", rollout.StudentTopTexts),
            ("studentTopLogprobs", rollout.StudentTopLogprobs), ("teacherTopIds", rollout.TeacherTopIds),
            ("teacherTopTexts", rollout.TeacherTopTexts), ("teacherTopLogprobs", rollout.TeacherTopLogprobs),
            ("teacherRank", rollout.TeacherRank), ("advantageShift", rollout.AdvantageShift), ("contextLogprobs", rollout.ContextLogprobs),
            ("lambdaStar", rollout.LambdaStar), ("skew", rollout.Skew),
            .. (rollout.Stages ?? s_none).Select(s => ($"stages.{s.Key}", (Array?)s.Value)),
            .. (rollout.Terms ?? s_none).Select(t => ($"terms.{t.Key}", (Array?)t.Value)),
        ];
        foreach ((string name, Array? values) in arrays)
        {
            if (values is not null && values.Length != tokens)
            {
                return $"\"{name}\" has {values.Length} entries for {tokens} tokens";
            }
        }

        return null;
    }

    private static string? Ranges(RolloutRecord rollout)
    {
        if (rollout.CharStart is not int[] starts || rollout.CharEnd is not int[] ends)
        {
            return rollout.CharStart is null == rollout.CharEnd is null ? null : "one of \"charStart\" and \"charEnd\" is missing";
        }

        for (int t = 0; t < starts.Length; t++)
        {
            if (starts[t] < 0 || ends[t] < starts[t] || ends[t] > rollout.Response.Length)
            {
                return $"token {t} has the range {starts[t]} to {ends[t]} in a response of {rollout.Response.Length} characters";
            }
        }

        return null;
    }

    private static string? TopK(RolloutRecord rollout) =>
        TopK("student", rollout.StudentTopIds, rollout.StudentTopTexts, rollout.StudentTopLogprobs)
        ?? TopK("teacher", rollout.TeacherTopIds, rollout.TeacherTopTexts, rollout.TeacherTopLogprobs);

    private static string? TopK(string side, int[][]? ids, string[][]? texts, float[][]? logprobs)
    {
        if (ids is null && texts is null && logprobs is null)
        {
            return null;
        }

        if (ids is null || texts is null || logprobs is null)
        {
            return $"some of \"{side}TopIds\", \"{side}TopTexts\" and \"{side}TopLogprobs\" are missing";
        }

        for (int t = 0; t < ids.Length; t++)
        {
            if (ids[t] is null || texts[t]?.Length != ids[t].Length || logprobs[t]?.Length != ids[t].Length)
            {
                return $"the alternatives of the {side} at token {t} have different lengths";
            }
        }

        return null;
    }
}
