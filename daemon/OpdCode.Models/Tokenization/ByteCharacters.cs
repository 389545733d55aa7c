namespace OpdCode.Models.Tokenization;

/// <summary>
/// GPT-2's map from bytes to printable characters: a byte whose Latin-1 character is printable stands for itself,
/// the others take U+0100 and up in order. So a byte-level vocabulary can be written as JSON strings.
/// </summary>
internal static class ByteCharacters
{
    private static readonly char[] s_characters = BuildCharacters();
    private static readonly short[] s_bytes = BuildBytes();

    public static char OfByte(byte value) => s_characters[value];

    /// <summary>The byte that the character stands for, or -1.</summary>
    public static int ToByte(char character) => character < s_bytes.Length ? s_bytes[character] : -1;

    private static char[] BuildCharacters()
    {
        var characters = new char[256];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            characters[value] = (char)(printable ? value : next++);
        }

        return characters;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[512];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
            bytes[s_characters[value]] = (short)value;
        return bytes;
    }
}
