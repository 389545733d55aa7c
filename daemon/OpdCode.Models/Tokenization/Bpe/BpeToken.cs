namespace OpdCode.Models.Tokenization.Bpe;

/// <summary>A token of one word. Start and length count UTF-8 bytes of the word as the model sees it.</summary>
internal readonly record struct BpeToken(int Id, int Start, int Length);
