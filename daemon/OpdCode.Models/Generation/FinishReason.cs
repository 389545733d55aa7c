namespace OpdCode.Models.Generation;

/// <summary>Why a response ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token was sampled.</summary>
    Stop,

    /// <summary>The length limit was reached: the response is truncated.</summary>
    Length,
}
