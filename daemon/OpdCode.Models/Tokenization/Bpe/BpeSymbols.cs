namespace OpdCode.Models.Tokenization.Bpe;

/// <summary>
/// A word while it is being merged: a linked list of symbols and a queue of the pairs that may merge, lowest rank
/// first. n log n, because some tokenizers treat a whole document as one word.
/// </summary>
internal sealed class BpeSymbols(int capacity)
{
    private readonly List<BpeToken> _symbols = new(capacity);

    public void Add(BpeToken symbol) => _symbols.Add(symbol);

    public BpeToken[] MergeAll(BpeVocabulary vocabulary)
    {
        int count = _symbols.Count;
        if (count < 2)
            return [.. _symbols];
        BpeToken[] symbols = [.. _symbols];
        var next = new int[count];
        var previous = new int[count];
        var queued = new List<((int Position, int Id), long)>(count);
        for (int i = 0; i < count; i++)
        {
            next[i] = i + 1 < count ? i + 1 : -1;
            previous[i] = i - 1;
            if (i + 1 < count && vocabulary.TryMerge(symbols[i].Id, symbols[i + 1].Id, out (int Rank, int Id) merge))
                queued.Add(((i, merge.Id), Priority(merge.Rank, i)));
        }

        var queue = new PriorityQueue<(int Position, int Id), long>(queued);
        int left = count;
        while (queue.TryDequeue(out (int Position, int Id) top, out _))
        {
            int at = top.Position;
            int right = next[at];
            // Stale: one of the two has merged with another neighbour since.
            if (right < 0 || symbols[at].Id < 0 || !vocabulary.TryMerge(symbols[at].Id, symbols[right].Id, out (int Rank, int Id) merge) || merge.Id != top.Id)
                continue;
            int start = Math.Min(symbols[at].Start, symbols[right].Start);
            int end = Math.Max(symbols[at].Start + symbols[at].Length, symbols[right].Start + symbols[right].Length);
            symbols[at] = new BpeToken(top.Id, start, end - start);
            symbols[right] = new BpeToken(-1, 0, 0);
            next[at] = next[right];
            if (next[right] >= 0)
                previous[next[right]] = at;
            left--;
            if (previous[at] >= 0)
                Enqueue(previous[at]);
            if (next[at] >= 0)
                Enqueue(at);
        }

        var result = new BpeToken[left];
        for (int at = 0, i = 0; at >= 0; at = next[at])
            result[i++] = symbols[at];
        return result;

        void Enqueue(int position)
        {
            if (vocabulary.TryMerge(symbols[position].Id, symbols[next[position]].Id, out (int Rank, int Id) merge))
                queue.Enqueue((position, merge.Id), Priority(merge.Rank, position));
        }
    }

    private static long Priority(int rank, int position) => ((long)rank << 32) | (uint)position;
}
