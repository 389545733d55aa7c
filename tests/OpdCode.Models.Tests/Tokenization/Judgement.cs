using System.Text.Json.Nodes;
using OpdCode.Models.Tokenization;

namespace OpdCode.Models.Tests.Tokenization;

/// <summary>What Hugging Face's library says about the texts; made by tests/fixtures/tokenizers/generate.mjs.</summary>
internal sealed record Judgement(int[] Before, int[] After, int[][] Encoded, Dictionary<int, string> Decoded, JudgedSequence[] Sequences)
{
    /// <summary>Encodes and decodes everything and returns what differs, in words.</summary>
    public List<string> Differences(ModelTokenizer tokenizer, IReadOnlyList<string> texts)
    {
        var found = new List<string>();
        for (int i = 0; i < texts.Count; i++)
        {
            TokenizedText plain = tokenizer.Encode(texts[i], SpecialTokens.None);
            Compare(found, texts[i], Encoded[i], plain.Ids);
            TokenizedText full = tokenizer.Encode(texts[i], SpecialTokens.Add);
            Compare(found, texts[i], [.. Before, .. Encoded[i], .. After], full.Ids);
            string decoded = tokenizer.Decode(Encoded[i], SpecialTokens.Add);
            string expected = Decoded.GetValueOrDefault(i, texts[i]);
            if (decoded != expected)
                found.Add($"decode {Quote(texts[i])}: {Quote(expected)} expected, {Quote(decoded)} found");
            found.AddRange(SpanTests.Faults(texts[i], full));
        }

        foreach (JudgedSequence sequence in Sequences)
        {
            if (tokenizer.Decode(sequence.Ids, SpecialTokens.Add) is var all && all != sequence.All)
                found.Add($"decode {string.Join(' ', sequence.Ids)}: {Quote(sequence.All)} expected, {Quote(all)} found");
            if (tokenizer.Decode(sequence.Ids, SpecialTokens.None) is var plain && plain != sequence.Plain)
                found.Add($"decode without special {string.Join(' ', sequence.Ids)}: {Quote(sequence.Plain)} expected, {Quote(plain)} found");
            found.AddRange(SpanTests.DecodedFaults(tokenizer, sequence.Ids));
        }

        return found;
    }

    public static string Quote(string text) => JsonValue.Create(text).ToJsonString();

    private static void Compare(List<string> found, string text, int[] expected, int[] ids)
    {
        if (!expected.AsSpan().SequenceEqual(ids))
            found.Add($"encode {Quote(text)}: [{string.Join(' ', expected)}] expected, [{string.Join(' ', ids)}] found");
    }
}
