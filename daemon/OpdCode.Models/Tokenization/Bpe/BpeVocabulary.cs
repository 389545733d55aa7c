using System.Text;

namespace OpdCode.Models.Tokenization.Bpe;

/// <summary>The token texts of a BPE model and the order in which pairs merge.</summary>
internal sealed class BpeVocabulary
{
    private const int IdLimit = 1 << 24; // 64 times the largest vocabulary known; a lying file must not allocate more

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private readonly int[] _characterIds = new int[0x10000];
    private readonly Dictionary<ulong, (int Rank, int Id)> _merges;
    private readonly List<(int First, int Second)> _mergeList;

    public BpeVocabulary(JsonPart vocabulary, JsonPart merges, string continuingPrefix)
    {
        _ids = new Dictionary<string, int>(StringComparer.Ordinal);
        _idsBySpan = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        Texts = ReadTexts(vocabulary, _ids);
        Array.Fill(_characterIds, -1);
        foreach ((string text, int id) in _ids)
        {
            if (text is [var only])
                _characterIds[only] = id;
        }

        (_merges, _mergeList) = ReadMerges(merges, continuingPrefix);
    }

    /// <summary>By id; null where no token has the id.</summary>
    public string?[] Texts { get; }

    /// <summary>The pairs in order of rank, as ids.</summary>
    public IReadOnlyList<(int First, int Second)> Merges => _mergeList;

    /// <summary>The id of a token text, or -1.</summary>
    public int Find(ReadOnlySpan<char> text) => text is [var only]
        ? _characterIds[only]
        : _idsBySpan.TryGetValue(text, out int id) ? id : -1;

    /// <summary>What two neighbours become and how early; false when they do not merge.</summary>
    public bool TryMerge(int first, int second, out (int Rank, int Id) merge) => _merges.TryGetValue(Key(first, second), out merge);

    // A product with an odd number keeps pairs apart and spreads them; XOR of the halves, which is how .NET hashes a
    // long, would let (a, b) and (b, a) collide.
    private static ulong Key(int first, int second) => (((ulong)(uint)first << 32) | (uint)second) * 0x9E3779B97F4A7C15;

    private static string?[] ReadTexts(JsonPart vocabulary, Dictionary<string, int> ids)
    {
        int highest = -1;
        foreach ((string text, JsonPart value) in vocabulary.Properties())
        {
            int id = value.Number();
            if (id is < 0 or >= IdLimit)
                throw value.Fail($"has the id {id}, outside 0..{IdLimit - 1}.");
            ids[text] = id;
            highest = Math.Max(highest, id);
        }

        if (ids.Count == 0)
            throw vocabulary.Fail("is empty.");
        var texts = new string?[highest + 1];
        foreach ((string text, int id) in ids)
        {
            if (texts[id] is { } other)
                throw vocabulary.Fail($"gives the id {id} to both \"{other}\" and \"{text}\".");
            texts[id] = text;
        }

        return texts;
    }

    private (Dictionary<ulong, (int, int)>, List<(int, int)>) ReadMerges(JsonPart part, string continuingPrefix)
    {
        var merges = new Dictionary<ulong, (int, int)>();
        var list = new List<(int, int)>();
        var joined = new StringBuilder();
        foreach (JsonPart item in part.Items())
        {
            if (ReadPair(item) is not var (first, second))
                continue;
            if (!second.StartsWith(continuingPrefix, StringComparison.Ordinal))
                throw item.Fail($"must continue with \"{continuingPrefix}\".");
            joined.Clear().Append(first).Append(second, continuingPrefix.Length, second.Length - continuingPrefix.Length);
            int firstId = Required(item, first);
            int secondId = Required(item, second);
            merges[Key(firstId, secondId)] = (list.Count, Required(item, joined.ToString()));
            list.Add((firstId, secondId));
        }

        return (merges, list);
    }

    private static (string First, string Second)? ReadPair(JsonPart item)
    {
        if (item.Kind == System.Text.Json.JsonValueKind.Array)
        {
            JsonPart[] pair = item.Items().ToArray();
            return pair.Length == 2 ? (pair[0].Text(), pair[1].Text()) : throw item.Fail($"must be a pair, not {pair.Length} parts.");
        }

        string text = item.Text();
        if (text.StartsWith("#version", StringComparison.Ordinal))
            return null;
        string[] halves = text.Split(' ');
        return halves.Length == 2 ? (halves[0], halves[1]) : throw item.Fail($"must be two token texts with one space between, not \"{text}\".");
    }

    private int Required(JsonPart item, string text) => _ids.TryGetValue(text, out int id)
        ? id
        : throw item.Fail($"merges to or from \"{text}\", which is not in the vocabulary.");
}
