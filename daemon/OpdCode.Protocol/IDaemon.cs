namespace OpdCode.Protocol;

/// <summary>
/// Everything that can be asked of <c>opdcode serve</c>: JSON-RPC 2.0 over stdin and stdout, <c>Content-Length</c>
/// framing, one parameter object a call, camelCase. A failure carries its stable code and message as
/// <see cref="ErrorData"/>. Long calls report <c>$/progress</c> (<see cref="Progress"/>) under the
/// <c>progressToken</c> of their parameters and honour <c>$/cancelRequest</c>.
/// </summary>
public interface IDaemon
{
    /// <summary>The first call: exchanges versions and says what the client has opened.</summary>
    [RpcMethod("initialize")]
    Task<InitializeResult> Initialize(InitializeParams parameters, CancellationToken cancel);

    /// <summary>What there is to compute with.</summary>
    [RpcMethod("machine/get")]
    Task<MachineInfo> GetMachine(EmptyParams parameters, CancellationToken cancel);

    /// <summary>Reads a recipe and finds all of its problems; with preflight also those that need models and data.</summary>
    [RpcMethod("recipes/validate")]
    Task<RecipeValidation> ValidateRecipe(ValidateRecipeParams parameters, CancellationToken cancel);

    /// <summary>The recipe with every setting, its value and where the value came from.</summary>
    [RpcMethod("recipes/resolve")]
    Task<RecipeResolution> ResolveRecipe(RecipeParams parameters, CancellationToken cancel);

    /// <summary>How much memory a run of the recipe needs, and whether that is there.</summary>
    [RpcMethod("recipes/estimate")]
    Task<RecipeEstimate> EstimateRecipe(RecipeParams parameters, CancellationToken cancel);

    /// <summary>The methods that a recipe can name.</summary>
    [RpcMethod("recipes/methods")]
    Task<MethodList> ListMethods(EmptyParams parameters, CancellationToken cancel);

    /// <summary>The JSON Schema of recipes.</summary>
    [RpcMethod("recipes/schema")]
    Task<RecipeSchema> GetSchema(EmptyParams parameters, CancellationToken cancel);

    /// <summary>The text of a new recipe.</summary>
    [RpcMethod("recipes/new")]
    Task<RecipeText> NewRecipe(NewRecipeParams parameters, CancellationToken cancel);

    /// <summary>The recipe's text with one setting changed or added, comments and layout kept.</summary>
    [RpcMethod("recipes/edit")]
    Task<RecipeText> EditRecipe(EditRecipeParams parameters, CancellationToken cancel);

    /// <summary>Starts a run, or queues it when the device is taken.</summary>
    [RpcMethod("runs/start")]
    Task<Run> StartRun(StartRunParams parameters, CancellationToken cancel);

    /// <summary>Runs by filter and order, a page at a time.</summary>
    [RpcMethod("runs/list")]
    Task<RunList> ListRuns(ListRunsParams parameters, CancellationToken cancel);

    /// <summary>One run with its events, checkpoints and recipe.</summary>
    [RpcMethod("runs/get")]
    Task<RunDetail> GetRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Finishes the step, writes a checkpoint and holds; memory stays taken.</summary>
    [RpcMethod("runs/pause")]
    Task<Run> PauseRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Goes on from a pause, or from the last checkpoint of a run that ended before its last step.</summary>
    [RpcMethod("runs/resume")]
    Task<Run> ResumeRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Finishes the step, writes a checkpoint and ends; the run can be resumed.</summary>
    [RpcMethod("runs/stopAndSave")]
    Task<Run> StopAndSaveRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Ends at once; what was done since the last checkpoint is lost.</summary>
    [RpcMethod("runs/abort")]
    Task<Run> AbortRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Moves the folder of a run that is not active into the runs folder's trash.</summary>
    [RpcMethod("runs/delete")]
    Task<DeletedRun> DeleteRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Starts a new run from a run's resolved recipe.</summary>
    [RpcMethod("runs/rerun")]
    Task<Run> RerunRun(RunParams parameters, CancellationToken cancel);

    /// <summary>What differs between runs: settings and last metrics.</summary>
    [RpcMethod("runs/compare")]
    Task<RunComparison> CompareRuns(CompareRunsParams parameters, CancellationToken cancel);

    /// <summary>Changes what people attach to a run: star, note, archived.</summary>
    [RpcMethod("runs/annotate")]
    Task<Run> AnnotateRun(AnnotateRunParams parameters, CancellationToken cancel);

    /// <summary>Moves a queued run.</summary>
    [RpcMethod("runs/moveInQueue")]
    Task<RunList> MoveInQueue(MoveInQueueParams parameters, CancellationToken cancel);

    /// <summary>Reads the run folders again, and makes the catalogue of them anew.</summary>
    [RpcMethod("runs/rebuild")]
    Task<RunList> RebuildRuns(EmptyParams parameters, CancellationToken cancel);

    /// <summary>Curves by name and range, down-sampled here.</summary>
    [RpcMethod("metrics/get")]
    Task<MetricCurves> GetMetrics(GetMetricsParams parameters, CancellationToken cancel);

    /// <summary>Writes the metrics of a run as CSV.</summary>
    [RpcMethod("metrics/export")]
    Task<WrittenFile> ExportMetrics(ExportMetricsParams parameters, CancellationToken cancel);

    /// <summary>Recorded rollouts of a run, a page at a time.</summary>
    [RpcMethod("rollouts/list")]
    Task<RolloutList> ListRollouts(ListRolloutsParams parameters, CancellationToken cancel);

    /// <summary>One rollout with its token feedback as aligned columns.</summary>
    [RpcMethod("rollouts/get")]
    Task<TokenFeedback> GetRollout(GetRolloutParams parameters, CancellationToken cancel);

    /// <summary>The tokens of a run or step where a metric is farthest from zero.</summary>
    [RpcMethod("rollouts/worst")]
    Task<WorstTokens> ListWorstTokens(WorstTokensParams parameters, CancellationToken cancel);

    /// <summary>What other stabilizers would have done to a stored rollout.</summary>
    [RpcMethod("rollouts/whatIf")]
    Task<WhatIf> ExplainRollout(WhatIfParams parameters, CancellationToken cancel);

    /// <summary>Writes a rollout as a self-contained HTML page or as JSON.</summary>
    [RpcMethod("rollouts/export")]
    Task<WrittenFile> ExportRollout(ExportRolloutParams parameters, CancellationToken cancel);

    /// <summary>Reads the token dump of another engine into a run folder of its own.</summary>
    [RpcMethod("rollouts/import")]
    Task<Run> ImportRollouts(ImportRolloutsParams parameters, CancellationToken cancel);

    /// <summary>What a teacher says to every token of a text that a student is taken to have written.</summary>
    [RpcMethod("score")]
    Task<TokenFeedback> Score(ScoreParams parameters, CancellationToken cancel);

    /// <summary>Text that a model writes after a prompt or a half-written answer.</summary>
    [RpcMethod("generate")]
    Task<Generated> Generate(GenerateParams parameters, CancellationToken cancel);

    /// <summary>Evaluates a checkpoint with the evaluation of its run's recipe.</summary>
    [RpcMethod("checkpoints/evaluate")]
    Task<CheckpointScore> EvaluateCheckpoint(CheckpointParams parameters, CancellationToken cancel);

    /// <summary>Copies a checkpoint as a model folder (adapters merged) or as an adapter folder.</summary>
    [RpcMethod("checkpoints/export")]
    Task<WrittenFile> ExportCheckpoint(ExportCheckpointParams parameters, CancellationToken cancel);

    /// <summary>Writes a run's report page.</summary>
    [RpcMethod("report/write")]
    Task<WrittenFile> WriteReport(RunParams parameters, CancellationToken cancel);

    /// <summary>Lets go of the models that are kept loaded for scoring and generating.</summary>
    [RpcMethod("models/release")]
    Task<EmptyResult> ReleaseModels(EmptyParams parameters, CancellationToken cancel);
}
