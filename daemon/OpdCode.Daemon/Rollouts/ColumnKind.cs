using System.Runtime.CompilerServices;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>What a number of a token is, and where the levels of its colour begin.</summary>
/// <param name="Name">Its name on the wire.</param>
/// <param name="Source">The array of the line that holds it; null where it is computed.</param>
/// <param name="Label">What it is.</param>
/// <param name="HasSign">True when both sides of <paramref name="Neutral"/> mean something.</param>
/// <param name="Neutral">The value that says nothing: 1 for weights, 0 for everything else.</param>
/// <param name="Thresholds">Distances from neutral at which levels 1, 2 and 3 begin: the same for all rollouts and runs, so that equal colours mean equal numbers.</param>
internal sealed record ColumnKind(string Name, string? Source, MetricDescription Label, bool HasSign, double Neutral, double[] Thresholds)
{
    private static readonly ColumnKind[] s_known =
    [
        new("logRatio", null, new("Log-ratio student/teacher", "nats", "log p(student) − log p(teacher); support: the written token", "positive: student more confident than the teacher"), true, 0, [0.5, 1.5, 3]),
        new("divergence", "divergence", new("Divergence", "nats", "per token, before weights; the estimator was not recorded", "0 where student and teacher agree"), true, 0, [0.1, 0.5, 1.5]),
        new("studentLogprob", "studentLogprobs", new("Student log-probability", "nats", "log p(student) of the token, full vocabulary", "0: certain"), false, 0, [1, 2.5, 5]),
        new("teacherLogprob", "teacherLogprobs", new("Teacher log-probability", "nats", "log p(teacher) of the token, full vocabulary", "0: certain"), false, 0, [1, 2.5, 5]),
        new("samplerLogprob", "samplerLogprobs", new("Sampler log-probability", "nats", "log-probability under the distribution that was sampled from: temperature, top-k and top-p applied", "0: certain"), false, 0, [1, 2.5, 5]),
        new("studentEntropy", "studentEntropy", new("Student entropy", "nats", "exact, full vocabulary", "0: decided"), false, 0, [0.5, 1, 2]),
        new("teacherEntropy", "teacherEntropy", new("Teacher entropy", "nats", "exact, full vocabulary, on the student's text", "0: decided"), false, 0, [0.5, 1, 2]),
        new("advantage", "advantage", new("Advantage", null, "detached, of the token that the student wrote", "positive: the token is made more likely"), true, 0, [0.5, 1.5, 3]),
        new("advantageShift", "advantageShift", new("Shift of the advantage", "nats", "what stabilizers added to the advantage of the token; part of the advantage", "positive: the token is made more likely"), true, 0, [0.5, 1.5, 3]),
        new("lambdaStar", "lambdaStar", new("λ* of the position", null, "the extrapolation λ beyond which the student's mass of the teacher's first choice leaves the region that the clip can hold; contract positions only", "near 1: no room; compare with the step's lambda"), false, 1, [0.1, 0.5, 1.5]),
        new("skew", "skew", new("α of the response", null, "of KL(p‖α·p + (1 − α)·q), p the student for a reverse skew and the teacher for a forward one; one for each response, by adaptive-skew", "lower: nearer to the plain KL"), false, 0, [0.03, 0.1, 0.3]),
        new("weight", "weight", new("Weight", null, "what the token's loss was multiplied with; levels are distances from the neutral 1", "above 1: counts more"), true, 1, [0.1, 0.5, 0.9]),
        new("loss", "loss", new("Loss", "nats", "the token's contribution to the loss, weight included, before the normalizer", "positive: adds to the loss"), true, 0, [0.1, 0.5, 1.5]),
        new("lossShare", null, new("Share of the loss", "fraction", "|loss| of the token divided by the sum of |loss| over the rollout's trained tokens", "0: adds nothing"), false, 0, [0.01, 0.05, 0.2]),
        new("teacherRank", "teacherRank", new("Rank for the teacher", null, "place of the token among all by the teacher's probability", "1: the teacher's first choice"), false, 1, [1, 5, 50]),
    ];

    private static readonly HashSet<string> s_noColumns = ["mask", "charStart", "charEnd"];

    /// <summary>What can be shown of a rollout, in the order of the list above, then what else was recorded.</summary>
    public static IEnumerable<ColumnKind> Of(RolloutLine rollout)
    {
        foreach (ColumnKind kind in s_known)
        {
            if (!kind.IsIn(rollout)) continue;
            yield return kind.Name == "divergence" && rollout.DivergenceLabel is { } label
                ? kind with { Label = kind.Label with { Estimator = $"{label}, per token, before weights" } }
                : kind;
        }
        foreach (string array in rollout.Numbers.Keys)
            if (!s_noColumns.Contains(array) && !Array.Exists(s_known, k => k.Source == array)) yield return Recorded(array);
    }

    /// <summary>The kind of a name on the wire; null when this rollout does not have it.</summary>
    public static ColumnKind? Find(RolloutLine rollout, string name) => Of(rollout).FirstOrDefault(k => k.Name == name);

    private static ColumnKind Recorded(string array)
    {
        string name = array[(array.IndexOf('.', StringComparison.Ordinal) + 1)..];
        if (array.StartsWith("stages.", StringComparison.Ordinal))
            return new($"stage:{name}", array, new($"Weight after {name}", null, $"the token's weight when the stabilizer {name} had acted; levels are distances from the neutral 1", "above 1: counts more"), true, 1, [0.1, 0.5, 0.9]);
        if (array.StartsWith("terms.", StringComparison.Ordinal))
            return new($"term:{name}", array, new($"Loss of {name}", "nats", $"what the stabilizer {name} added to the token's loss, coefficient included", "positive: adds to the loss"), true, 0, [0.1, 0.5, 1.5]);
        return new(array, array, new(array, null, "recorded by the run; not described", null), true, 0, [0.5, 1.5, 3]);
    }

    private bool IsIn(RolloutLine rollout) => Name switch
    {
        "logRatio" => rollout.Numbers.ContainsKey("studentLogprobs") && rollout.Numbers.ContainsKey("teacherLogprobs"),
        "lossShare" => rollout.Numbers.ContainsKey("loss"),
        _ => rollout.Numbers.ContainsKey(Source!),
    };

    /// <summary>The values. [T]</summary>
    [MethodImpl(Compiled.AtOnce)]
    public float[] Values(RolloutLine rollout)
    {
        if (Source is not null) return rollout.Numbers[Source];
        if (Name == "logRatio")
        {
            float[] student = rollout.Numbers["studentLogprobs"], teacher = rollout.Numbers["teacherLogprobs"];
            var ratios = new float[student.Length];
            for (int t = 0; t < ratios.Length; t++) ratios[t] = student[t] - teacher[t];
            return ratios;
        }
        float[] loss = rollout.Numbers["loss"], shares = new float[loss.Length];
        ReadOnlySpan<float> mask = rollout.Mask;
        double total = 0;
        for (int t = 0; t < loss.Length; t++)
            if ((mask.IsEmpty || mask[t] != 0) && float.IsFinite(loss[t])) total += Math.Abs(loss[t]);
        for (int t = 0; t < loss.Length; t++)
            shares[t] = !mask.IsEmpty && mask[t] == 0 ? float.NaN : total > 0 ? (float)(Math.Abs(loss[t]) / total) : 0;
        return shares;
    }
}
