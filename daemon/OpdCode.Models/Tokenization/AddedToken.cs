namespace OpdCode.Models.Tokenization;

/// <summary>A token that is looked for in the text itself, before the model sees what lies between.</summary>
internal sealed record AddedToken(
    int Id, string Content, bool Special, bool LStrip, bool RStrip, bool SingleWord, bool Normalized);
