using System.Runtime.CompilerServices;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Which word and which line of the response each token is part of.</summary>
internal static class TokenGroups
{
    /// <summary>Tokens of one word share a number; white space on its own is a group. A token that holds parts of two words counts for the first. [T]</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static int[] Words(string response, int[] starts, int[] ends)
    {
        int[] wordAt = new int[response.Length + 1];
        int word = 0;
        for (int i = 0; i < response.Length; i++)
        {
            if (i > 0 && char.IsWhiteSpace(response[i]) != char.IsWhiteSpace(response[i - 1])) word++;
            wordAt[i] = word;
        }
        wordAt[response.Length] = word;
        var groups = new int[starts.Length];
        for (int t = 0; t < groups.Length; t++)
        {
            int at = starts[t];
            while (at < ends[t] && char.IsWhiteSpace(response[at])) at++;
            groups[t] = Math.Max(t > 0 ? groups[t - 1] : 0, wordAt[at < ends[t] ? at : starts[t]]);
        }
        return groups;
    }

    /// <summary>Tokens of one line share a number; a line ends with its line feed. [T]</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static int[] Lines(string response, int[] starts)
    {
        var groups = new int[starts.Length];
        for (int t = 0, line = 0, at = 0; t < groups.Length; t++)
        {
            for (; at < starts[t]; at++)
                if (response[at] == '\n') line++;
            groups[t] = line;
        }
        return groups;
    }
}
