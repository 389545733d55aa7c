using System.Text;
using OpdCode.Models.Tokenization.Patterns;

namespace OpdCode.Models.Tokenization.Normalizers;

/// <summary>Builds the normalizer that a tokenizer.json describes. A type it does not know is an error, never skipped.</summary>
internal static class NormalizerReader
{
    public static INormalizer Read(JsonPart part)
    {
        string type = part.Get("type").Text();
        return type switch
        {
            "NFC" => new UnicodeNormalizer(NormalizationForm.FormC),
            "NFD" => new UnicodeNormalizer(NormalizationForm.FormD),
            "NFKC" => new UnicodeNormalizer(NormalizationForm.FormKC),
            "NFKD" => new UnicodeNormalizer(NormalizationForm.FormKD),
            "Sequence" => new SequenceNormalizer(part.Get("normalizers").Items().Select(Read).ToArray()),
            "Prepend" => new PrependNormalizer(part.Get("prepend").Text()),
            "Replace" => new ReplaceNormalizer(TextPatterns.Read(part.Get("pattern")), part.Get("content").Text()),
            "Lowercase" => new LowercaseNormalizer(),
            "Strip" => new StripNormalizer(part.Flag("strip_left", true), part.Flag("strip_right", true)),
            "StripAccents" => new ReplaceNormalizer(new CharacterPattern(UnicodeNormalizer.IsMark), ""),
            _ => throw part.Fail($"is of type \"{type}\", which is not supported. Known: NFC, NFD, NFKC, NFKD, Sequence, Prepend, Replace, Lowercase, Strip, StripAccents."),
        };
    }
}
