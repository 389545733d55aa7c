using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Stabilizers;

namespace OpdCode.Distillation.Runs;

/// <summary>What each metric of a run is: title, unit, estimator, sign. No number without its name.</summary>
public static class MetricLabels
{
    /// <summary>Labels for a run with the given objective and stabilizers.</summary>
    public static IReadOnlyDictionary<string, MetricLabel> For(IObjective objective, StabilizerPipeline stabilizers) => new Dictionary<string, MetricLabel>(StabilizerMetrics.Labels(stabilizers))
    {
        ["loss"] = new() { Title = "Loss", Unit = "nats per token", Estimator = $"weighted mean over the step's response tokens of: {objective.Label}", Sign = "lower is better" },
        ["divergence"] = new() { Title = "Divergence", Unit = "nats per token", Estimator = objective.Label, Sign = "0 where student and teacher agree" },
        ["logRatio"] = new()
        {
            Title = "Log-ratio", Unit = "nats per token", Estimator = "mean of log p_student − log p_teacher of the sampled tokens (k1, one-sample estimate of KL(student‖teacher))",
            Sign = "positive: student more confident than the teacher",
        },
        ["studentEntropy"] = new() { Title = "Student entropy", Unit = "nats per token", Estimator = "exact, full vocabulary", Sign = "0: certain" },
        ["teacherEntropy"] = new() { Title = "Teacher entropy", Unit = "nats per token", Estimator = "exact, full vocabulary, on the student's text", Sign = "0: certain" },
        ["accuracy"] = new() { Title = "Accuracy", Unit = "fraction of held-out prompts", Estimator = "exact match of greedy answers", Sign = "higher is better" },
        ["reward"] = new() { Title = "Reward", Unit = "weighted sum of the recipe's rewards, mean over the step's responses", Sign = "higher is better" },
        ["evaluated"] = new() { Title = "Prompts evaluated", Unit = "prompts" },
        ["gradientNorm"] = new() { Title = "Gradient norm", Unit = "L2 norm before clipping" },
        ["learningRate"] = new() { Title = "Learning rate" },
        ["responseTokens"] = new() { Title = "Response tokens", Unit = "tokens per step" },
        ["responseLength"] = new() { Title = "Response length", Unit = "tokens, mean over the step" },
        ["truncated"] = new() { Title = "Truncated", Unit = "fraction of responses that hit the length limit" },
        ["seconds"] = new() { Title = "Step time", Unit = "seconds, evaluation not included" },
        ["rolloutTokensPerSecond"] = new() { Title = "Rollout speed", Unit = "response tokens per second of sampling" },
        ["trainTokensPerSecond"] = new() { Title = "Training speed", Unit = "response tokens per second of scoring, loss, backward and update" },
        ["memoryBytes"] = new() { Title = "Memory", Unit = "bytes, working set of the process" },
    };
}
