using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpdCode.Models.Tokenization.Bpe;

namespace OpdCode.Models.Tokenization;

/// <summary>A SHA-256 over everything that decides which ids a text gets, however the file spells it.</summary>
internal sealed class TokenizerHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Add(BpeModel model)
    {
        Add(model.Settings);
        foreach (string? text in model.Vocabulary.Texts)
            Add(text ?? "\0");
        foreach ((int first, int second) in model.Vocabulary.Merges)
        {
            Add(first);
            Add(second);
        }
    }

    public void Add(AddedVocabulary added)
    {
        foreach (AddedToken token in added.ById)
            Add(string.Create(CultureInfo.InvariantCulture, $"{token.Id}|{token.Content}|{token.Special}|{token.LStrip}|{token.RStrip}|{token.SingleWord}|{token.Normalized}"));
    }

    public void Add(PostProcessor processor)
    {
        Add(string.Join(',', processor.Before));
        Add(string.Join(',', processor.After));
    }

    public void Add(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Add(bytes.Length); // so that two texts never run together
        _hash.AppendData(bytes);
    }

    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();

    /// <summary>A part of the file with its keys sorted, and without what only concerns Hugging Face's offsets.</summary>
    public static string Canonical(JsonPart? part)
    {
        if (part is not { } present)
            return "";
        var text = new StringBuilder();
        Write(present, text);
        return text.ToString();
    }

    private static void Write(JsonPart part, StringBuilder text)
    {
        switch (part.Kind)
        {
            case JsonValueKind.Object:
                text.Append('{');
                foreach ((string name, JsonPart value) in part.Properties().Where(p => p.Name != "trim_offsets").OrderBy(p => p.Name, StringComparer.Ordinal))
                {
                    text.Append(name).Append(':');
                    Write(value, text);
                }

                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (JsonPart item in part.Items())
                    Write(item, text);
                text.Append(']');
                break;
            case JsonValueKind.String:
                text.Append('"').Append(part.Text()).Append('"');
                break;
            default:
                text.Append(part.Element.GetRawText()).Append(' ');
                break;
        }
    }

    private void Add(int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        _hash.AppendData(bytes);
    }
}
