namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>A byte of a text being decoded.</summary>
/// <param name="Value">The byte.</param>
/// <param name="Owner">Index of the token in the sequence that it comes from.</param>
/// <param name="Broken">Shown as one U+FFFD by itself, because its run is not UTF-8.</param>
internal readonly record struct DecodedByte(byte Value, int Owner, bool Broken = false);
