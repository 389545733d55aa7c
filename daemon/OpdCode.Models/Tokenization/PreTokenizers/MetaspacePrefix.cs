namespace OpdCode.Models.Tokenization.PreTokenizers;

/// <summary>Where the Metaspace pre-tokenizer puts a space in front.</summary>
internal enum MetaspacePrefix
{
    /// <summary>Before every piece between added tokens.</summary>
    Always,

    /// <summary>Only at the beginning of the text.</summary>
    First,

    /// <summary>Nowhere.</summary>
    Never,
}
