using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace OpdCode.Models.Tokenization.Bpe;

/// <summary>
/// Byte-pair encoding as Hugging Face's library does it: a word starts as characters (or bytes, or the unknown token)
/// and the pair of lowest rank merges first, the leftmost of equals. Safe to use from several threads.
/// </summary>
internal sealed class BpeModel
{
    // Words repeat; long ones hardly do. The limit keeps a long-lived process from collecting every word it ever saw.
    private const int CachedWordLength = 64;
    private const int CachedWords = 50_000;

    private readonly string _continuingPrefix;
    private readonly string _endSuffix;
    private readonly int _unknownId;
    private readonly int[]? _byteIds;
    private readonly ConcurrentDictionary<string, BpeToken[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BpeToken[]>.AlternateLookup<ReadOnlySpan<char>> _cacheBySpan;
    private int _cached;

    public BpeModel(JsonPart part)
    {
        string type = part.TextOrNull("type") ?? "BPE"; // files of the first versions do not name it
        if (type != "BPE")
            throw part.Fail($"is of type \"{type}\", which is not supported. Known: BPE.");
        if (part.Optional("dropout") is { } dropout && !(dropout.Kind == System.Text.Json.JsonValueKind.Number && dropout.Element.GetDouble() == 0))
            throw dropout.Fail("is set: tokens would be random. Set it to null.");
        _continuingPrefix = part.TextOrNull("continuing_subword_prefix") ?? "";
        _endSuffix = part.TextOrNull("end_of_word_suffix") ?? "";
        IgnoreMerges = part.Flag("ignore_merges", false);
        FuseUnknown = part.Flag("fuse_unk", false);
        Vocabulary = new BpeVocabulary(part.Get("vocab"), part.Get("merges"), _continuingPrefix);
        UnknownToken = part.TextOrNull("unk_token");
        _unknownId = UnknownToken is null ? -1 : Vocabulary.Find(UnknownToken);
        if (UnknownToken is not null && _unknownId < 0)
            throw part.Fail($"names the unk_token \"{UnknownToken}\", which is not in the vocabulary.");
        ByteFallback = part.Flag("byte_fallback", false);
        if (ByteFallback)
            _byteIds = Enumerable.Range(0, 256).Select(value => Vocabulary.Find(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"))).ToArray();
        _cacheBySpan = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public BpeVocabulary Vocabulary { get; }

    public bool IgnoreMerges { get; }

    public bool FuseUnknown { get; }

    public bool ByteFallback { get; }

    public string? UnknownToken { get; }

    /// <summary>Everything in the model's description that decides about ids besides vocabulary and merges.</summary>
    public string Settings => $"{IgnoreMerges}|{FuseUnknown}|{ByteFallback}|{UnknownToken}|{_continuingPrefix}|{_endSuffix}";

    /// <summary>The tokens of one word.</summary>
    public BpeToken[] Tokenize(ReadOnlySpan<char> word)
    {
        bool caches = word.Length <= CachedWordLength;
        if (caches && _cacheBySpan.TryGetValue(word, out BpeToken[]? known))
            return known;
        BpeToken[] tokens = Merge(word);
        if (caches && Interlocked.Increment(ref _cached) <= CachedWords)
            _cache[word.ToString()] = tokens;
        return tokens;
    }

    private BpeToken[] Merge(ReadOnlySpan<char> word)
    {
        if (IgnoreMerges && Vocabulary.Find(word) is >= 0 and int whole)
            return [new BpeToken(whole, 0, Encoding.UTF8.GetByteCount(word))];
        var symbols = new BpeSymbols(word.Length);
        Fill(word, symbols);
        return symbols.MergeAll(Vocabulary);
    }

    /// <summary>The word as single characters: each its own token, or its bytes, or unknown.</summary>
    private void Fill(ReadOnlySpan<char> word, BpeSymbols symbols)
    {
        int index = 0;
        int position = 0;
        BpeToken? unknown = null;
        while (index < word.Length)
        {
            Rune.DecodeFromUtf16(word[index..], out Rune rune, out int units);
            int length = rune.Utf8SequenceLength;
            int id = Find(word.Slice(index, units), first: index == 0, last: index + units == word.Length);
            index += units;
            if (id >= 0)
            {
                Flush(symbols, ref unknown);
                symbols.Add(new BpeToken(id, position, length));
            }
            else if (!AddBytes(rune, position, symbols) && _unknownId >= 0)
            {
                // A pending unknown is not flushed by byte tokens: so it is in the library whose ids these must equal.
                if (!FuseUnknown)
                    Flush(symbols, ref unknown);
                unknown = new BpeToken(_unknownId, unknown?.Start ?? position, (unknown?.Length ?? 0) + length);
            }

            position += length;
        }

        Flush(symbols, ref unknown);
    }

    private int Find(ReadOnlySpan<char> character, bool first, bool last)
    {
        bool prefixed = !first && _continuingPrefix.Length > 0;
        bool suffixed = last && _endSuffix.Length > 0;
        return prefixed || suffixed
            ? Vocabulary.Find(string.Concat(prefixed ? _continuingPrefix : "", character, suffixed ? _endSuffix : ""))
            : Vocabulary.Find(character);
    }

    private bool AddBytes(Rune rune, int position, BpeSymbols symbols)
    {
        if (_byteIds is null)
            return false;
        Span<byte> utf8 = stackalloc byte[4];
        int count = rune.EncodeToUtf8(utf8);
        foreach (byte value in utf8[..count])
        {
            if (_byteIds[value] < 0)
                return false;
        }

        for (int i = 0; i < count; i++)
            symbols.Add(new BpeToken(_byteIds[utf8[i]], position + i, 1));
        return true;
    }

    private static void Flush(BpeSymbols symbols, ref BpeToken? unknown)
    {
        if (unknown is { } token)
            symbols.Add(token);
        unknown = null;
    }
}
