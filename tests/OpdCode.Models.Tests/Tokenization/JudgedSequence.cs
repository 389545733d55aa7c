namespace OpdCode.Models.Tests.Tokenization;

/// <summary>Token ids and the text Hugging Face's library decodes them to, with and without special tokens.</summary>
internal sealed record JudgedSequence(int[] Ids, string All, string Plain);
