using System.Text;
using System.Text.Json;
using OpdCode.Models.Tokenization.Bpe;
using OpdCode.Models.Tokenization.Decoders;
using OpdCode.Models.Tokenization.Normalizers;
using OpdCode.Models.Tokenization.PreTokenizers;
using OpdCode.Protocol;

namespace OpdCode.Models.Tokenization;

/// <summary>
/// The tokenizer of a Hugging Face folder: text to token ids and back, with the same ids as Hugging Face's own
/// library. tokenizer.json alone decides; padding and truncation in it are left to the caller, as transformers does.
/// Safe to use from several threads.
/// </summary>
public sealed class ModelTokenizer
{
    private readonly BpeModel _model;
    private readonly INormalizer? _normalizer;
    private readonly IPreTokenizer? _preTokenizer;
    private readonly PostProcessor _postProcessor;
    private readonly TokenDecoder _decoder;
    private readonly AddedVocabulary _added;
    private readonly byte[]?[] _bytes;
    private readonly Lazy<string> _contentHash;

    private ModelTokenizer(JsonPart file, TokenizerFolder folder)
    {
        _model = new BpeModel(file.Get("model"));
        _normalizer = file.Optional("normalizer") is { } normalizer ? NormalizerReader.Read(normalizer) : null;
        _preTokenizer = file.Optional("pre_tokenizer") is { } preTokenizer ? PreTokenizerReader.Read(preTokenizer) : null;
        _postProcessor = file.Optional("post_processor") is { } postProcessor ? PostProcessor.Read(postProcessor) : PostProcessor.None;
        _decoder = new TokenDecoder(file.Optional("decoder") is { } decoder ? DecoderReader.Read(decoder).ToArray() : null);
        _added = new AddedVocabulary(file, folder, _model.Vocabulary, _normalizer);
        VocabularySize = Math.Max(_model.Vocabulary.Texts.Length, _added.HighestId + 1);
        if (_postProcessor.Before.Concat(_postProcessor.After).Any(id => id < 0 || id >= VocabularySize))
            throw file.Get("post_processor").Fail($"adds a token id outside the vocabulary of {VocabularySize}.");
        _bytes = new byte[VocabularySize][];
        BosToken = folder.Role("bos_token")?.Text;
        EosToken = folder.Role("eos_token")?.Text;
        BosId = IdOf(BosToken);
        EosId = IdOf(EosToken);
        PadId = IdOf(folder.Role("pad_token")?.Text);
        UnkId = IdOf(folder.Role("unk_token")?.Text ?? _model.UnknownToken);
        string[] steps = [TokenizerHash.Canonical(file.Optional("normalizer")), TokenizerHash.Canonical(file.Optional("pre_tokenizer"))];
        _contentHash = new Lazy<string>(() => Hash(steps));
    }

    /// <summary>Highest id plus one, added tokens included. A model may have more rows than this, never fewer.</summary>
    public int VocabularySize { get; }

    /// <summary>The token that begins a text, or null when the model has none.</summary>
    public int? BosId { get; }

    /// <summary>The token that ends a text or a turn, or null when the folder names none.</summary>
    public int? EosId { get; }

    /// <summary>The token that fills short rows of a batch, or null when the folder names none.</summary>
    public int? PadId { get; }

    /// <summary>The token for what the vocabulary cannot express, or null; byte-level tokenizers need none.</summary>
    public int? UnkId { get; }

    /// <summary>The text of <see cref="BosId"/>, as chat templates take it.</summary>
    public string? BosToken { get; }

    /// <summary>The text of <see cref="EosId"/>, as chat templates take it.</summary>
    public string? EosToken { get; }

    /// <summary>
    /// SHA-256 over what decides ids: vocabulary, merges, added tokens, normalizer, pre-tokenizer, post-processor.
    /// Two tokenizers with the same hash give every text the same ids; the same size alone says nothing.
    /// </summary>
    /// <value>64 lower-case hexadecimal digits.</value>
    public string ContentHash => _contentHash.Value;

    /// <summary>
    /// Reads tokenizer.json and, where present, tokenizer_config.json, special_tokens_map.json and added_tokens.json.
    /// </summary>
    /// <param name="folder">A folder as the model hub lays it out.</param>
    /// <exception cref="OpdException">OPD2104: a file is missing, malformed, or uses a part that is not supported. Nothing is skipped silently.</exception>
    public static ModelTokenizer Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string path = Path.Combine(folder, "tokenizer.json");
        if (!File.Exists(path))
            throw new OpdException(ErrorCodes.TokenizerInvalid, $"{folder} has no tokenizer.json. Folders with only tokenizer.model or vocab.json must be converted first: save the tokenizer once with transformers (AutoTokenizer.from_pretrained(...).save_pretrained(...)).");
        using JsonDocument document = JsonPart.Parse(path);
        return new ModelTokenizer(new JsonPart(document.RootElement, path, ""), TokenizerFolder.Read(folder));
    }

    /// <summary>The tokens of a text. Added tokens that occur in the text are always matched.</summary>
    /// <param name="text">Any text; half a surrogate pair counts as U+FFFD.</param>
    /// <param name="special">Whether what the post-processor adds (BOS, EOS) is added.</param>
    /// <exception cref="OpdException">OPD2104: the file's pattern does not come to an end on this text.</exception>
    public TokenizedText Encode(string text, SpecialTokens special)
    {
        ArgumentNullException.ThrowIfNull(text);
        var index = new ByteIndex(text);
        int estimate = (text.Length / 3) + 4;
        var ids = new List<int>(estimate);
        var spans = new List<TokenSpan>(estimate);
        int done = 0;
        foreach (int id in special == SpecialTokens.Add ? _postProcessor.Before : [])
            Add(id, 0, 0);
        foreach (TextPiece piece in Cut(AlignedText.FromOriginal(text)))
        {
            if (piece.TokenId >= 0)
            {
                Add(piece.TokenId, piece.Source.ByteStart(piece.Start), piece.Source.ByteEnd(piece.Start + piece.Length - 1));
                continue;
            }

            var placement = new TokenPlacement(piece);
            foreach (BpeToken token in _model.Tokenize(piece.Text))
            {
                (int start, int end) = placement.Locate(token);
                Add(token.Id, start, end);
            }
        }

        foreach (int id in special == SpecialTokens.Add ? _postProcessor.After : [])
            Add(id, index.ByteCount, index.ByteCount);
        return new TokenizedText([.. ids], [.. spans]);

        void Add(int id, int start, int end)
        {
            // An added token that takes the white space after it may have taken part of the next one: the first keeps it.
            start = Math.Max(start, done);
            done = Math.Max(end, done);
            ids.Add(id);
            spans.Add(index.Span(start, done));
        }
    }

    /// <summary>
    /// The text that tokens stand for, as the tokenizer's own decoder writes it. Bytes that are not UTF-8 (a cut-off
    /// character) become U+FFFD; ids that no token has stand for nothing. Spaces are never "cleaned up".
    /// </summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="special">None leaves special tokens out.</param>
    public string Decode(ReadOnlySpan<int> ids, SpecialTokens special) => DecodeWithSpans(ids, special).Text;

    /// <summary>The bytes a token stands for inside a text; for special tokens those of their text. Empty for ids that no token has.</summary>
    public ReadOnlySpan<byte> Bytes(int id)
    {
        if (Content(id) is not { } content)
            return [];
        return _bytes[id] ??= _decoder.Bytes(content);
    }

    /// <summary>Whether the token marks the shape of a text (BOS, EOS, turns) rather than being content.</summary>
    public bool IsSpecial(int id) => _added.Find(id) is { Special: true };

    /// <summary>A token for a person to read: its text, with control characters as escapes and lone bytes as &lt;0xE2&gt;.</summary>
    public string TokenText(int id)
    {
        var text = new StringBuilder();
        ReadOnlySpan<byte> bytes = Bytes(id);
        while (bytes.Length > 0)
        {
            bool valid = Rune.DecodeFromUtf8(bytes, out Rune rune, out int consumed) == System.Buffers.OperationStatus.Done;
            if (!valid)
            {
                foreach (byte value in bytes[..consumed])
                    text.Append($"<0x{value:X2}>");
            }
            else if (Rune.IsControl(rune))
            {
                text.Append(rune.Value switch { '\n' => "\\n", '\r' => "\\r", '\t' => "\\t", _ => $"\\u{rune.Value:x4}" });
            }
            else
            {
                text.Append(rune.ToString());
            }

            bytes = bytes[consumed..];
        }

        return text.ToString();
    }

    /// <summary>
    /// Where each token lies in <c>Decode(ids, SpecialTokens.Add)</c>. Byte ranges count the tokens' own bytes, so they
    /// touch each other and are as long as <see cref="Bytes"/> (but for what the decoder drops at the ends of a text);
    /// they are the text's UTF-8 unless the bytes are not UTF-8. UTF-16 ranges always fit the decoded text and cover
    /// every character the token touches.
    /// </summary>
    public IReadOnlyList<TokenSpan> Spans(ReadOnlySpan<int> ids) => DecodeWithSpans(ids, SpecialTokens.Add).Spans;

    private List<TextPiece> Cut(AlignedText text)
    {
        var verbatim = new List<TextPiece>();
        _added.Verbatim.Cut(new TextPiece(text, 0, text.Length), verbatim);
        var pieces = new List<TextPiece>(verbatim.Count);
        foreach (TextPiece piece in verbatim)
        {
            if (piece.TokenId >= 0)
            {
                pieces.Add(piece);
                continue;
            }

            AlignedText? normalized = _normalizer?.Normalize(piece.Source.Slice(piece.Start, piece.Length));
            _added.Normalized.Cut(normalized is null ? piece : new TextPiece(normalized, 0, normalized.Length), pieces);
        }

        return _preTokenizer?.Cut(pieces) ?? pieces;
    }

    private (string Text, TokenSpan[] Spans) DecodeWithSpans(ReadOnlySpan<int> ids, SpecialTokens special)
    {
        var texts = new string?[ids.Length];
        for (int i = 0; i < ids.Length; i++)
            texts[i] = special == SpecialTokens.None && IsSpecial(ids[i]) ? null : Content(ids[i]);
        return _decoder.Decode(texts);
    }

    private string? Content(int id) => id < 0 || id >= VocabularySize
        ? null
        : _added.Find(id)?.Content ?? (id < _model.Vocabulary.Texts.Length ? _model.Vocabulary.Texts[id] : null);

    private int? IdOf(string? text) => text is not null && _added.IdOf(text) is >= 0 and int id ? id : null;

    private string Hash(string[] steps)
    {
        using var hash = new TokenizerHash();
        hash.Add(_model);
        hash.Add(_added);
        foreach (string step in steps)
            hash.Add(step);
        hash.Add(_postProcessor);
        return hash.Finish();
    }
}
