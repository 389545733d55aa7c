namespace OpdCode.Models.Tokenization;

/// <summary>What happens with the tokens that mark the shape of a text rather than its content.</summary>
public enum SpecialTokens
{
    /// <summary>Encoding adds what the post-processor adds (BOS, EOS); decoding writes special tokens out.</summary>
    Add,

    /// <summary>Encoding adds nothing; decoding leaves special tokens out.</summary>
    None,
}
