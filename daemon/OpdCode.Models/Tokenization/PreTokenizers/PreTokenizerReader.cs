using System.Text;
using OpdCode.Models.Tokenization.Patterns;

namespace OpdCode.Models.Tokenization.PreTokenizers;

/// <summary>Builds the pre-tokenizer that a tokenizer.json describes. A type it does not know is an error, never skipped.</summary>
internal static class PreTokenizerReader
{
    // Written for another regex engine than the patterns in files, one whose \w includes the two joiners.
    private const string Words = @"[\w\x{200C}\x{200D}]+|[^\w\s\x{200C}\x{200D}]+";

    public static IPreTokenizer Read(JsonPart part)
    {
        string type = part.Get("type").Text();
        return type switch
        {
            "Sequence" => new SequencePreTokenizer(part.Get("pretokenizers").Items().Select(Read).ToArray()),
            "Split" => new SplitPreTokenizer(TextPatterns.Read(part.Get("pattern")), Behavior(part.Get("behavior")), part.Flag("invert", false)),
            "ByteLevel" => new ByteLevelPreTokenizer(part.Flag("add_prefix_space", true), part.Flag("use_regex", true)),
            "Metaspace" => Metaspace(part),
            "Digits" => Characters(CharacterPattern.IsNumeric, part.Flag("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
            "Punctuation" => Characters(CharacterPattern.IsPunctuation, part.Optional("behavior") is { } behavior ? Behavior(behavior) : SplitBehavior.Isolated),
            "Whitespace" => new SplitPreTokenizer(new RegexPattern(Words), SplitBehavior.Removed, invert: true),
            "WhitespaceSplit" => Characters(Rune.IsWhiteSpace, SplitBehavior.Removed),
            _ => throw part.Fail($"is of type \"{type}\", which is not supported. Known: Sequence, Split, ByteLevel, Metaspace, Digits, Punctuation, Whitespace, WhitespaceSplit."),
        };
    }

    /// <summary>Reads <c>prepend_scheme</c>, or <c>add_prefix_space</c> as files before version 0.15 spell it.</summary>
    public static MetaspacePrefix Prefix(JsonPart part) => part.Optional("prepend_scheme") is not { } scheme
        ? part.Flag("add_prefix_space", true) ? MetaspacePrefix.Always : MetaspacePrefix.Never
        : scheme.Text() switch
        {
            "always" => MetaspacePrefix.Always,
            "first" => MetaspacePrefix.First,
            "never" => MetaspacePrefix.Never,
            _ => throw scheme.Fail($"must be always, first or never, not {scheme.Describe()}."),
        };

    public static char Replacement(JsonPart part)
    {
        JsonPart replacement = part.Get("replacement");
        return replacement.Text() is [char only] ? only : throw replacement.Fail("must be one character.");
    }

    private static MetaspacePreTokenizer Metaspace(JsonPart part) =>
        new(Replacement(part), Prefix(part), part.Flag("split", true));

    private static SplitPreTokenizer Characters(Func<Rune, bool> belongs, SplitBehavior behavior) =>
        new(new CharacterPattern(belongs), behavior, invert: false);

    private static SplitBehavior Behavior(JsonPart part) => part.Text() switch
    {
        "Isolated" => SplitBehavior.Isolated,
        "Removed" => SplitBehavior.Removed,
        "Contiguous" => SplitBehavior.Contiguous,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        _ => throw part.Fail($"must be Isolated, Removed, Contiguous, MergedWithPrevious or MergedWithNext, not {part.Describe()}."),
    };
}
