namespace OpdCode.Protocol;

/// <summary>Models asked directly: score, generate.</summary>
public interface IModelCalls
{
    /// <summary>What a teacher says to every token of a text that a student is taken to have written.</summary>
    [RpcMethod("score", StartsWork = true)]
    Task<TokenFeedback> Score(ScoreParams parameters, CancellationToken cancel);

    /// <summary>Text that a model writes after a prompt or a half-written answer.</summary>
    [RpcMethod("generate", StartsWork = true)]
    Task<Generated> Generate(GenerateParams parameters, CancellationToken cancel);

    /// <summary>Lets go of the models that are kept loaded for scoring and generating.</summary>
    [RpcMethod("models/release")]
    Task<EmptyResult> ReleaseModels(EmptyParams parameters, CancellationToken cancel);
}
