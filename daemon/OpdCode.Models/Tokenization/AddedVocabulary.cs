using OpdCode.Models.Tokenization.Bpe;
using OpdCode.Models.Tokenization.Normalizers;

namespace OpdCode.Models.Tokenization;

/// <summary>All added tokens of a tokenizer, checked against the model's vocabulary, and the two searches for them.</summary>
internal sealed class AddedVocabulary
{
    private const int IdLimit = 1 << 24;

    private readonly Dictionary<string, AddedToken> _byContent = new(StringComparer.Ordinal);
    private readonly Dictionary<int, AddedToken> _byId = [];
    private readonly BpeVocabulary _vocabulary;

    public AddedVocabulary(JsonPart file, TokenizerFolder folder, BpeVocabulary vocabulary, INormalizer? normalizer)
    {
        _vocabulary = vocabulary;
        if (file.Optional("added_tokens") is { } list)
        {
            foreach (JsonPart part in list.Items())
                Add(TokenizerFolder.ReadToken(part, part.Get("id").Number()), part);
        }

        foreach ((AddedToken token, JsonPart part) in folder.MoreTokens.OrderBy(entry => entry.Token.Id))
        {
            // added_tokens.json of old folders repeats what the vocabulary holds.
            if (vocabulary.Find(token.Content) < 0 || token.Special)
                Add(token, part);
        }

        foreach ((string text, JsonPart part) in folder.Roles)
        {
            if (_byContent.ContainsKey(text))
                continue;
            int id = vocabulary.Find(text);
            if (id < 0)
                throw part.Fail($"names \"{text}\", which is not in the vocabulary of tokenizer.json.");
            Add(new AddedToken(id, text, Special: true, LStrip: false, RStrip: false, SingleWord: false, Normalized: false), part);
        }

        Verbatim = new AddedTokenMatcher(_byContent.Values.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        Normalized = new AddedTokenMatcher(_byContent.Values.Where(token => token.Normalized).Select(token => (Normalize(token.Content, normalizer), token)));
    }

    /// <summary>Tokens looked for in the text as it was given.</summary>
    public AddedTokenMatcher Verbatim { get; }

    /// <summary>Tokens looked for after the normalizer has run.</summary>
    public AddedTokenMatcher Normalized { get; }

    public IEnumerable<AddedToken> ById => _byId.Values.OrderBy(token => token.Id);

    public int HighestId => _byId.Count == 0 ? -1 : _byId.Keys.Max();

    public AddedToken? Find(int id) => _byId.GetValueOrDefault(id);

    /// <summary>The id of an added or ordinary token's text, or -1.</summary>
    public int IdOf(string text) => _byContent.TryGetValue(text, out AddedToken? token) ? token.Id : _vocabulary.Find(text);

    private static string Normalize(string content, INormalizer? normalizer) =>
        normalizer is null ? content : normalizer.Normalize(AlignedText.FromOriginal(content)).Text.ToString();

    private void Add(AddedToken token, JsonPart part)
    {
        if (token.Content.Length == 0 || _byContent.ContainsKey(token.Content))
            return; // some files list a token twice; the first entry holds
        if (token.Id is < 0 or >= IdLimit)
            throw part.Fail($"has the id {token.Id}, outside 0..{IdLimit - 1}.");
        int known = _vocabulary.Find(token.Content);
        if (known >= 0 && known != token.Id)
            throw part.Fail($"gives \"{token.Content}\" the id {token.Id}, but the vocabulary says {known}.");
        string? taken = token.Id < _vocabulary.Texts.Length && known < 0 ? _vocabulary.Texts[token.Id] : _byId.GetValueOrDefault(token.Id)?.Content;
        if (taken is not null && taken != token.Content)
            throw part.Fail($"gives \"{token.Content}\" the id {token.Id}, which is that of \"{taken}\".");
        _byContent[token.Content] = token;
        _byId[token.Id] = token;
    }
}
