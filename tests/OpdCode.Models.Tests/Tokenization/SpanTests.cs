using System.Text;
using OpdCode.Models.Tokenization;

namespace OpdCode.Models.Tests.Tokenization;

public sealed class SpanTests
{
    [Fact]
    public void A_character_split_over_four_tokens_has_exact_bytes_and_whole_characters()
    {
        ModelTokenizer tokenizer = ModelTokenizer.Load(TokenizerFixtures.Tokenizer("bytes"));
        TokenizedText text = tokenizer.Encode("a😀b", SpecialTokens.Add);
        Assert.Equal([97, 0xF0, 0x9F, 0x98, 0x80, 98], text.Ids);
        TokenSpan[] expected =
        [
            new(0, 1, 0, 1), new(1, 2, 1, 3), new(2, 3, 1, 3), new(3, 4, 1, 3), new(4, 5, 1, 3), new(5, 6, 3, 4),
        ];
        Assert.Equal(expected, text.Spans);
        Assert.Equal(expected, tokenizer.Spans(text.Ids));
    }

    [Fact]
    public void Spans_after_a_normalizer_are_those_of_the_original_text()
    {
        ModelTokenizer tokenizer = ModelTokenizer.Load(TokenizerFixtures.Tokenizer("qwen3-2026"));
        string text = "e\u0301 x"; // NFC makes three bytes two
        TokenizedText encoded = tokenizer.Encode(text, SpecialTokens.Add);
        Assert.Equal("é x", tokenizer.Decode(encoded.Ids, SpecialTokens.Add));
        Assert.Equal(0, encoded.Spans[0].ByteStart);
        Assert.All(encoded.Spans.Where(span => span.ByteStart < 3), span => Assert.InRange(span.CharEnd, 1, 2));
        Assert.Equal(new TokenSpan(3, 5, 2, 4), encoded.Spans[^1]);
    }

    [Fact]
    public void Tokens_that_no_text_made_have_empty_spans()
    {
        ModelTokenizer tokenizer = ModelTokenizer.Load(TokenizerFixtures.Tokenizer("sentencepiece"));
        TokenizedText encoded = tokenizer.Encode("\nriver", SpecialTokens.Add);
        Assert.Equal(["<s>", " ", "\\n"], encoded.Ids[..3].Select(tokenizer.TokenText));
        Assert.Equal(new TokenSpan(0, 0, 0, 0), encoded.Spans[0]);
        Assert.Equal(new TokenSpan(0, 0, 0, 0), encoded.Spans[1]);
        Assert.Equal(new TokenSpan(0, 1, 0, 1), encoded.Spans[2]);
    }

    [Fact]
    public void A_cut_off_character_keeps_its_bytes_and_shows_as_one_replacement_character()
    {
        ModelTokenizer tokenizer = ModelTokenizer.Load(TokenizerFixtures.Tokenizer("bytes"));
        int[] ids = [97, 0xF0, 0x9F, 98];
        Assert.Equal("a\uFFFDb", tokenizer.Decode(ids, SpecialTokens.Add));
        TokenSpan[] expected = [new(0, 1, 0, 1), new(1, 2, 1, 2), new(2, 3, 1, 2), new(3, 4, 2, 3)];
        Assert.Equal(expected, tokenizer.Spans(ids));
    }

    [Fact]
    public void The_end_of_sequence_of_a_template_lies_at_the_end()
    {
        ModelTokenizer tokenizer = ModelTokenizer.Load(TokenizerFixtures.Tokenizer("bytes"));
        TokenizedText text = tokenizer.Encode("é<|end|>", SpecialTokens.Add);
        Assert.Equal(new TokenSpan(2, 9, 1, 8), text.Spans[^1]);
    }

    /// <summary>What is wrong with the places of an encoded text: they must lie in order, touch, and cover it.</summary>
    internal static IEnumerable<string> Faults(string text, TokenizedText encoded)
    {
        string name = Judgement.Quote(text);
        if (encoded.Spans.Length != encoded.Ids.Length)
            yield return $"{name}: {encoded.Ids.Length} ids but {encoded.Spans.Length} spans";
        int at = 0;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int i = 0; i < encoded.Spans.Length; i++)
        {
            TokenSpan span = encoded.Spans[i];
            if (span.ByteStart < at || span.ByteEnd < span.ByteStart || span.ByteEnd > bytes.Length)
                yield return $"{name}: token {i} lies at {span} after {at}";
            at = span.ByteEnd;
            int charStart = Encoding.UTF8.GetByteCount(text.AsSpan(0, span.CharStart));
            int charEnd = Encoding.UTF8.GetByteCount(text.AsSpan(0, span.CharEnd));
            bool empty = span.ByteStart == span.ByteEnd;
            if (empty ? span.CharStart != span.CharEnd : charStart > span.ByteStart || charEnd < span.ByteEnd || charStart < span.ByteStart - 3 || charEnd > span.ByteEnd + 3)
                yield return $"{name}: token {i} has bytes and characters that disagree: {span}";
        }
    }

    /// <summary>What is wrong with the places in a decoded text: as long as the tokens' own bytes, touching, and fitting the text.</summary>
    internal static IEnumerable<string> DecodedFaults(ModelTokenizer tokenizer, int[] ids)
    {
        IReadOnlyList<TokenSpan> spans = tokenizer.Spans(ids);
        string decoded = tokenizer.Decode(ids, SpecialTokens.Add);
        int at = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            TokenSpan span = spans[i];
            int length = span.ByteEnd - span.ByteStart;
            if (span.ByteStart != at)
                yield return $"[{string.Join(' ', ids)}]: token {i} begins at {span.ByteStart}, not {at}";
            at = span.ByteEnd;
            if (i > 0 && i + 1 < ids.Length && spans[0].ByteEnd > 0 && length != tokenizer.Bytes(ids[i]).Length)
                yield return $"[{string.Join(' ', ids)}]: token {i} has {tokenizer.Bytes(ids[i]).Length} bytes but a span of {length}";
            if (span.CharStart < 0 || span.CharEnd > decoded.Length || span.CharEnd < span.CharStart || (length > 0 && span.CharEnd == span.CharStart))
                yield return $"[{string.Join(' ', ids)}]: token {i} has characters {span} in a text of {decoded.Length}";
        }

        if (at == Encoding.UTF8.GetByteCount(decoded) && !decoded.Contains('\uFFFD', StringComparison.Ordinal))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(decoded);
            for (int i = 1; i < ids.Length; i++)
            {
                if (spans[0].ByteEnd > 0 && !bytes.AsSpan(spans[i].ByteStart, spans[i].ByteEnd - spans[i].ByteStart).SequenceEqual(tokenizer.Bytes(ids[i])))
                    yield return $"[{string.Join(' ', ids)}]: token {i} is not at its place";
            }
        }
        else if (!decoded.Contains('\uFFFD', StringComparison.Ordinal))
        {
            yield return $"[{string.Join(' ', ids)}]: spans end at {at}, the text at {Encoding.UTF8.GetByteCount(decoded)}";
        }
    }
}
