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
        ["unjudged"] = new() { Title = "Not judged", Unit = "responses of the step for which the signal had no context; they are not learned from" },
        ["lambda"] = new() { Title = "Extrapolation λ", Estimator = "target ∝ teacher^λ · base^(1−λ)", Sign = "1: plain distillation; above: beyond the teacher" },
        ["lambdaStar"] = new() { Title = "λ* of the step", Estimator = "the recipe's quantile of λ* over contract positions (one position, two outcomes; arXiv 2605.08737)", Sign = "λ above it: structured output may break" },
        ["beyondCliff"] = new() { Title = "Beyond λ*", Unit = "fraction of contract positions whose λ* is below λ" },
        ["candidatesAccepted"] = new() { Title = "Extrapolations accepted", Unit = "candidates after this step" },
        ["validationScore"] = new() { Title = "Validation score", Estimator = "greedy answers to the training prompts that were drawn for it: mean reward, or −KL(student‖judge) per token without rewards", Sign = "higher is better" },
        ["ownTextThreshold"] = new() { Title = "Own text, threshold φ", Unit = "probability that a step has the student's text, fresh or replayed", Sign = "rises where the validation loss does" },
        ["validationLoss"] = new() { Title = "Validation loss", Unit = "nats per token", Estimator = "next-token loss on given answers, held-out ones where they have completions, else some of the training data", Sign = "lower is better" },
        ["keptForReplay"] = new() { Title = "Kept for replay", Unit = "rollouts" },
        ["pretrainingLoss"] = new() { Title = "Pre-training loss", Unit = "nats per token", Estimator = "(1 − judgeShare)·(−log p_student of the text's token) + judgeShare·(−Σ p_judge·log p_student), mean over the step's excerpts, before its coefficient; not part of \"loss\"", Sign = "lower is better" },
        ["pretrainingNextToken"] = new() { Title = "Pre-training text", Unit = "nats per token", Estimator = "−log p_student of the text's tokens, mean over the step's excerpts", Sign = "lower: the student knows the text better" },
        ["balance"] = new() { Title = "Balance β", Unit = "0 to 2", Estimator = "the loss on the student's text counts β times, that on given text 2 − β times", Sign = "above 1: the student's text counts more" },
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
