using System.Text;

namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>From token texts to the text they stand for, with the place of each token in it.</summary>
internal sealed class TokenDecoder
{
    private readonly SequenceDecoder? _steps;
    private readonly SequenceDecoder? _oneToken;

    /// <param name="steps">Null when the file has no decoder: then token texts are joined with spaces, as Hugging Face's library does.</param>
    public TokenDecoder(IDecoder[]? steps)
    {
        if (steps is null)
            return;
        _steps = new SequenceDecoder(steps);
        _oneToken = new SequenceDecoder(steps.Select(step => step is MetaspaceDecoder metaspace ? metaspace.Inside() : step).ToArray()).ForOneToken();
    }

    /// <summary>The bytes of a token in the middle of a text.</summary>
    public byte[] Bytes(string tokenText)
    {
        if (_oneToken is null)
            return Encoding.UTF8.GetBytes(" " + tokenText);
        return _oneToken.Decode([Part(tokenText, 0)]).SelectMany(part => part).Select(entry => entry.Value).ToArray();
    }

    public (string Text, TokenSpan[] Spans) Decode(IReadOnlyList<string?> tokenTexts)
    {
        var parts = new List<List<DecodedByte>>(tokenTexts.Count);
        for (int i = 0; i < tokenTexts.Count; i++)
        {
            if (tokenTexts[i] is not { } text)
                continue;
            if (_steps is null && parts.Count > 0)
                parts.Add([new DecodedByte((byte)' ', i)]);
            parts.Add(Part(text, i));
        }

        List<DecodedByte> bytes = (_steps?.Decode(parts) ?? parts).SelectMany(part => part).ToList();
        return ToText(bytes, tokenTexts.Count);
    }

    private static List<DecodedByte> Part(string text, int owner)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var part = new List<DecodedByte>(bytes.Length);
        foreach (byte value in bytes)
            part.Add(new DecodedByte(value, owner));
        return part;
    }

    private static (string Text, TokenSpan[] Spans) ToText(List<DecodedByte> bytes, int tokenCount)
    {
        byte[] values = bytes.Select(entry => entry.Value).ToArray();
        var text = new StringBuilder(values.Length);
        var charStarts = new int[values.Length + 1];
        var charEnds = new int[values.Length + 1];
        for (int i = 0; i < values.Length;)
        {
            int start = text.Length;
            Rune rune = Rune.ReplacementChar;
            int consumed = 1;
            if (!bytes[i].Broken)
                Rune.DecodeFromUtf8(values.AsSpan(i), out rune, out consumed);
            text.Append(rune.ToString());
            for (int end = i + consumed; i < end; i++)
            {
                charStarts[i] = start;
                charEnds[i] = text.Length;
            }
        }

        charStarts[values.Length] = text.Length;
        var spans = new TokenSpan[tokenCount];
        int at = 0;
        for (int token = 0; token < tokenCount; token++)
        {
            int from = at;
            while (at < values.Length && bytes[at].Owner == token)
                at++;
            spans[token] = new TokenSpan(from, at, charStarts[from], at > from ? charEnds[at - 1] : charStarts[from]);
        }

        return (text.ToString(), spans);
    }
}
