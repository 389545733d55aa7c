namespace OpdCode.Recipes.Reading;

/// <summary>Finds the name that somebody meant.</summary>
internal static class NearestName
{
    /// <summary>
    /// The candidate closest to what was written, or null when none is close: at most a third of its letters
    /// inserted, left out, replaced or swapped. Case, hyphens and underscores do not count (learning_rate).
    /// </summary>
    public static string? Find(string written, IEnumerable<string> candidates)
    {
        string plain = Normalize(written);
        if (plain.Length is 0 or > 80) return null;
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in candidates)
        {
            string other = Normalize(candidate);
            int distance = Distance(plain, other);
            if (distance > Math.Max(1, Math.Max(plain.Length, other.Length) / 3) || distance >= bestDistance) continue;
            (best, bestDistance) = (candidate, distance);
        }
        return best;
    }

    private static string Normalize(string name) =>
        string.Concat(name.Where(c => c is not ('_' or '-' or ' ' or '.')).Select(char.ToLowerInvariant));

    // Damerau–Levenshtein with adjacent swaps.
    private static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
