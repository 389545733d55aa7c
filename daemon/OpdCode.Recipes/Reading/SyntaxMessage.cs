namespace OpdCode.Recipes.Reading;

/// <summary>Says a syntax error in the words of somebody who writes a recipe. What is not known here keeps the parser's words.</summary>
internal static class SyntaxMessage
{
    public const string Empty = "The file is empty. A recipe is a JSON object: { \"version\": 1, … }";

    private static readonly (string Sign, string Message)[] s_known =
    [
        ("does not contain any JSON tokens", Empty),
        ("Expected depth to be zero", "The file ends before the recipe does: a { or [ is not closed."),
        ("is invalid within a JSON string", "The text holds a line end or control character. Close it with \" on its own line; write \\n for a line end, \\t for a tab."),
        ("Expected end of string", "The text is not closed. Close it with \"."),
        ("Expected end of comment", "The comment is not closed. Close it with */."),
        ("Expected either ',', '}', or ']'", "A comma is missing before this, or a bracket is left over."),
        ("Expected either ',' or '}'", "A comma is missing before this, or a bracket is left over."),
        ("is an invalid start of a property name", "A key was expected here, in double quotes."),
        ("is invalid after a property name", "A colon is missing after the key."),
        ("Invalid leading zero", "A number cannot begin with 0."),
        ("is an invalid start of a value", "A value was expected here: a text in double quotes, a number, true, false, null, { or [."),
        ("is invalid after a single JSON value", "Something follows after the end of the recipe. Remove it."),
        ("maximum configured depth", "Brackets are nested more than 64 deep."),
    ];

    public static string Of(string message)
    {
        foreach ((string sign, string plain) in s_known)
            if (message.Contains(sign, StringComparison.Ordinal)) return plain;
        // "... LineNumber: 3 | BytePositionInLine: 2." is for programs; the place is reported beside the message.
        int cut = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return cut < 0 ? message : message[..cut];
    }
}
