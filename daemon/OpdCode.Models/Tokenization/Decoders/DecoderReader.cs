using System.Text;
using OpdCode.Models.Tokenization.Patterns;
using OpdCode.Models.Tokenization.PreTokenizers;

namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>Builds the decoder that a tokenizer.json describes. A type it does not know is an error, never skipped.</summary>
internal static class DecoderReader
{
    /// <summary>The steps in order, sequences within sequences laid flat.</summary>
    public static IEnumerable<IDecoder> Read(JsonPart part)
    {
        string type = part.Get("type").Text();
        return type switch
        {
            "Sequence" => part.Get("decoders").Items().SelectMany(Read).ToArray(),
            "ByteLevel" => [new ByteLevelDecoder()],
            "ByteFallback" => [new ByteFallbackDecoder()],
            "Fuse" => [new FuseDecoder()],
            "Replace" => [new ReplaceDecoder(TextPatterns.Read(part.Get("pattern")), part.Get("content").Text())],
            "Strip" => [new StripDecoder(Character(part.Get("content")), Count(part.Get("start")), Count(part.Get("stop")))],
            "Metaspace" => [new MetaspaceDecoder(PreTokenizerReader.Replacement(part), PreTokenizerReader.Prefix(part) != MetaspacePrefix.Never)],
            _ => throw part.Fail($"is of type \"{type}\", which is not supported. Known: Sequence, ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace."),
        };
    }

    private static Rune Character(JsonPart part) =>
        part.Text() is var text && Rune.DecodeFromUtf16(text, out Rune rune, out int length) == System.Buffers.OperationStatus.Done && length == text.Length
            ? rune
            : throw part.Fail("must be one character.");

    private static int Count(JsonPart part) => part.Number() is >= 0 and int count ? count : throw part.Fail("must not be negative.");
}
