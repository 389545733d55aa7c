using System.Runtime.CompilerServices;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Where tokens stand in the response, as recorded, or found by their texts where that was not.</summary>
internal static class TokenRanges
{
    /// <summary>Start and end of each token, UTF-16 code units; always inside of the response and never going back. [T]</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static (int[] Starts, int[] Ends) Of(RolloutLine rollout)
    {
        var starts = new int[rollout.Tokens];
        var ends = new int[rollout.Tokens];
        bool isRecorded = rollout.Numbers.TryGetValue("charStart", out float[]? from) & rollout.Numbers.TryGetValue("charEnd", out float[]? to);
        int at = 0;
        for (int t = 0; t < rollout.Tokens; t++)
        {
            if (isRecorded)
            {
                starts[t] = Math.Clamp((int)from![t], t > 0 ? starts[t - 1] : 0, rollout.Response.Length);
                ends[t] = Math.Clamp((int)to![t], starts[t], rollout.Response.Length);
                continue;
            }
            string text = rollout.Texts?[t] ?? "";
            int found = text.Length == 0 ? at : rollout.Response.IndexOf(text, at, StringComparison.Ordinal);
            starts[t] = found < 0 ? at : found;
            ends[t] = at = found < 0 ? at : found + text.Length;
        }
        return (starts, ends);
    }
}
