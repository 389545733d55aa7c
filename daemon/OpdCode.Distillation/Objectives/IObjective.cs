using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>What is optimised: turns the rows of a micro-batch into a loss and the per-token numbers behind it.</summary>
public interface IObjective
{
    /// <summary>Whether a teacher must have scored the rows.</summary>
    bool NeedsTeacher { get; }

    /// <summary>Name, direction, support, sign and unit of the divergence or estimator, for every place that shows a number of it.</summary>
    string Label { get; }

    /// <summary>Whether <see cref="TokenSignals.Divergence_N"/> is filled.</summary>
    bool HasDivergence => false;

    /// <summary>The advantage of each whole response, detached, shape [B]; null for objectives that judge tokens only.</summary>
    torch.Tensor? SequenceAdvantages_B(TokenRows rows) => null;

    /// <summary>Computes the loss and the per-token signals; gradients flow to the student's hidden states and head only.</summary>
    ObjectiveResult Evaluate(TokenRows rows);
}
