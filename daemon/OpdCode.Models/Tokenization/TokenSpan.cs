namespace OpdCode.Models.Tokenization;

/// <summary>
/// Where a token lies in a text. The byte range is exact also inside a character; the UTF-16 range covers every
/// character that the token touches, so tokens that share one character have the same UTF-16 range.
/// </summary>
/// <param name="ByteStart">First byte in the UTF-8 form of the text.</param>
/// <param name="ByteEnd">One past the last byte; equal to <paramref name="ByteStart"/> for a token without text.</param>
/// <param name="CharStart">First UTF-16 code unit.</param>
/// <param name="CharEnd">One past the last UTF-16 code unit.</param>
public readonly record struct TokenSpan(int ByteStart, int ByteEnd, int CharStart, int CharEnd);
