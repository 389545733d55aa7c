namespace OpdCode.Models.Tokenization.Patterns;

/// <summary>Reads the patterns of normalizers, pre-tokenizers and decoders.</summary>
internal static class TextPatterns
{
    /// <summary>Reads <c>{"String": "..."}</c> or <c>{"Regex": "..."}</c>.</summary>
    public static ITextPattern Read(JsonPart part)
    {
        if (part.Optional("String") is { } literal)
            return new LiteralPattern(literal.Text());
        JsonPart regex = part.Optional("Regex") ?? throw part.Fail("must hold \"String\" or \"Regex\".");
        return Compile(regex, regex.Text());
    }

    public static RegexPattern Compile(JsonPart part, string pattern)
    {
        try
        {
            return new RegexPattern(pattern);
        }
        catch (FormatException e)
        {
            throw part.Fail($"cannot be used: {e.Message}.");
        }
    }
}
