using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>What stabilizers know about the tokens of a step: columns of shape [N], detached, nats; null where not asked for or not there.</summary>
internal sealed record TokenStatistics
{
    /// <summary>log S of the sampled token.</summary>
    public torch.Tensor? StudentLogprob_N { get; init; }

    /// <summary>log S of the sampled token when the inner loop began; the current where there is no other.</summary>
    public torch.Tensor? OldLogprob_N { get; init; }

    /// <summary>log p of the sampled token under what it was sampled from.</summary>
    public torch.Tensor? SamplerLogprob_N { get; init; }

    /// <summary>log T of the sampled token.</summary>
    public torch.Tensor? TeacherLogprob_N { get; init; }

    /// <summary>The log-target of the sampled token where the signal extrapolates; null: <see cref="TeacherLogprob_N"/>.</summary>
    public torch.Tensor? TargetLogprob_N { get; init; }

    /// <summary>H(T).</summary>
    public torch.Tensor? TeacherEntropy_N { get; init; }

    /// <summary>H(S).</summary>
    public torch.Tensor? StudentEntropy_N { get; init; }

    /// <summary>JSD of student and teacher, both weighted ½, 0 to ln 2.</summary>
    public torch.Tensor? JensenShannon_N { get; init; }

    /// <summary>KL(student‖teacher) over the full vocabulary, ≥ 0.</summary>
    public torch.Tensor? ReverseKl_N { get; init; }

    /// <summary>KL(teacher‖student) over the full vocabulary, ≥ 0.</summary>
    public torch.Tensor? ForwardKl_N { get; init; }

    /// <summary>The objective's divergence.</summary>
    public torch.Tensor? Divergence_N { get; init; }

    /// <summary>The teacher's best minus its second-best log-probability among the student's top tokens, ≥ 0.</summary>
    public torch.Tensor? Margin_N { get; init; }

    /// <summary>log T of the sampled token under each of K auxiliary contexts.</summary>
    public torch.Tensor? ContextLogprobs_NK { get; init; }

    /// <summary>The text of each token.</summary>
    public string[]? Texts_N { get; init; }

    /// <summary>The sentence of each token within its response, from 0.</summary>
    public int[]? Sentence_N { get; init; }

    /// <summary>The turn of each token within its response, from 0; −1 where the assistant did not write.</summary>
    public int[]? Turn_N { get; init; }

    /// <summary>log T − log S_old of the sampled token; positive where the teacher likes it more.</summary>
    /// <exception cref="OpdException">OPD1304 naming the stabilizer that asks.</exception>
    public torch.Tensor LogRatio_N(string kind) => Required(TeacherLogprob_N, kind, "the teacher's log-probability of every token") - Required(OldLogprob_N, kind, "the student's log-probability of every token");

    /// <summary>The advantage that a log-ratio makes: log-target − log S_old of the sampled token, without discount and coefficient.</summary>
    /// <exception cref="OpdException">OPD1304 naming the stabilizer that asks.</exception>
    public torch.Tensor Advantage_N(string kind) => TargetLogprob_N is null ? LogRatio_N(kind) : TargetLogprob_N - Required(OldLogprob_N, kind, "the student's log-probability of every token");

    /// <summary>The column, or the error that says what is missing.</summary>
    /// <exception cref="OpdException">OPD1304 naming the stabilizer that asks.</exception>
    public static T Required<T>(T? column, string kind, string what) where T : class => column ?? throw new OpdException(ErrorCodes.ObjectiveInputMissing,
        $"The stabilizer {kind} needs {what}, and these rows have none. Give the recipe a signal (or data) that provides it, or remove {kind}.");

    /// <summary>The columns of several micro-batches one after the other.</summary>
    public static TokenStatistics Join(IReadOnlyList<TokenStatistics> parts) => new()
    {
        StudentLogprob_N = Cat(parts, p => p.StudentLogprob_N),
        OldLogprob_N = Cat(parts, p => p.OldLogprob_N),
        SamplerLogprob_N = Cat(parts, p => p.SamplerLogprob_N),
        TeacherLogprob_N = Cat(parts, p => p.TeacherLogprob_N),
        TargetLogprob_N = Cat(parts, p => p.TargetLogprob_N),
        TeacherEntropy_N = Cat(parts, p => p.TeacherEntropy_N),
        StudentEntropy_N = Cat(parts, p => p.StudentEntropy_N),
        JensenShannon_N = Cat(parts, p => p.JensenShannon_N),
        ReverseKl_N = Cat(parts, p => p.ReverseKl_N),
        ForwardKl_N = Cat(parts, p => p.ForwardKl_N),
        Divergence_N = Cat(parts, p => p.Divergence_N),
        Margin_N = Cat(parts, p => p.Margin_N),
        ContextLogprobs_NK = Cat(parts, p => p.ContextLogprobs_NK),
        Texts_N = parts.All(p => p.Texts_N is not null) ? parts.SelectMany(p => p.Texts_N!).ToArray() : null,
        Sentence_N = parts.All(p => p.Sentence_N is not null) ? parts.SelectMany(p => p.Sentence_N!).ToArray() : null,
        Turn_N = parts.All(p => p.Turn_N is not null) ? parts.SelectMany(p => p.Turn_N!).ToArray() : null,
    };

    private static torch.Tensor? Cat(IReadOnlyList<TokenStatistics> parts, Func<TokenStatistics, torch.Tensor?> column) =>
        parts.All(p => column(p) is not null) ? torch.cat(parts.Select(p => column(p)!).ToArray()) : null;
}
