namespace OpdCode.Protocol;

/// <summary>A token dump of another engine.</summary>
public sealed record ImportRolloutsParams
{
    /// <summary>Absolute path of the file that the user chose.</summary>
    [ClientPath]
    public required string Path { get; init; }

    /// <summary><c>auto</c>, <c>prime-rl</c>, <c>trl</c> or <c>ms-swift</c>.</summary>
    public string Format { get; init; } = "auto";

    /// <summary>Absolute path of a model folder whose tokenizer made the tokens: shows texts where the dump has only ids; null: none.</summary>
    [ClientPath]
    public string? Tokenizer { get; init; }

    /// <summary>Where to report progress; null: nowhere.</summary>
    public string? ProgressToken { get; init; }
}
