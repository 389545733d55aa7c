using System.Runtime.CompilerServices;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Parts of a response that a reader may want to fold: thinking, calls and results of tools, what is not trained on.</summary>
internal static class ResponseSpans
{
    private static readonly (string Kind, string Open, string Close)[] s_marks =
    [
        ("thinking", "<think>", "</think>"),
        ("thinking", "<thinking>", "</thinking>"),
        ("tool", "<tool_call>", "</tool_call>"),
        ("tool", "<tool_response>", "</tool_response>"),
    ];

    /// <summary>The spans in the order of the text.</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static IReadOnlyList<TextSpan> Of(RolloutLine rollout, int[] starts, int[] ends)
    {
        var spans = new List<TextSpan>();
        foreach ((string kind, string open, string close) in s_marks) spans.AddRange(Marked(rollout, kind, open, close));
        ReadOnlySpan<float> mask = rollout.Mask;
        for (int t = 0; t < mask.Length; t++)
        {
            if (mask[t] != 0) continue;
            int first = t;
            while (t + 1 < mask.Length && mask[t + 1] == 0) t++;
            if (ends[t] > starts[first]) spans.Add(new TextSpan("masked", starts[first], ends[t]));
        }
        return [.. spans.OrderBy(s => s.Start).ThenByDescending(s => s.End)];
    }

    private static IEnumerable<TextSpan> Marked(RolloutLine rollout, string kind, string open, string close)
    {
        string text = rollout.Response;
        int at = 0;
        // Templates that open the thinking themselves leave its mark at the end of the prompt.
        bool isOpen = rollout.Prompt.AsSpan().TrimEnd().EndsWith(open, StringComparison.Ordinal);
        while (true)
        {
            int start = isOpen ? 0 : text.IndexOf(open, at, StringComparison.Ordinal);
            if (start < 0) yield break;
            int end = text.IndexOf(close, start, StringComparison.Ordinal);
            // A response that was cut in the middle has no closing mark.
            at = end < 0 ? text.Length : end + close.Length;
            if (at > start) yield return new TextSpan(kind, start, at);
            isOpen = false;
            if (at >= text.Length) yield break;
        }
    }
}
