namespace OpdCode.Protocol;

/// <summary>A range of a text. Counts from 0, characters in UTF-16 code units, the end is exclusive.</summary>
/// <param name="StartLine">Line of the first character.</param>
/// <param name="StartCharacter">Its place in the line.</param>
/// <param name="EndLine">Line of the character after the last.</param>
/// <param name="EndCharacter">Its place in the line.</param>
public sealed record TextRange(int StartLine, int StartCharacter, int EndLine, int EndCharacter);
