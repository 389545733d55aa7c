using OpdCode.Distillation.Training;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>
/// The loss Σ_n c_n · loss_n as one node of the autograd graph: student head, teacher head, row loss and the gradients
/// to the student's hidden states and head, computed chunk by chunk in the forward pass. Nothing of shape [N, V] exists.
/// </summary>
/// <remarks>
/// A chunk of C rows is large enough for an efficient matrix product; inside it the elementwise work runs over blocks of
/// R rows that stay in the processor's cache. Row coefficients are applied to the [C, D] operands, never to [C, V].
/// </remarks>
internal sealed class FusedLoss
{
    private readonly IRowLoss _loss;
    private readonly double _studentTemperature;
    private readonly double _teacherTemperature;

    /// <summary>Prepares the loss; the temperatures divide the logits of each side inside it.</summary>
    public FusedLoss(IRowLoss loss, double studentTemperature, double teacherTemperature)
    {
        _loss = loss;
        _studentTemperature = studentTemperature;
        _teacherTemperature = teacherTemperature;
    }

    /// <summary>Computes the scalar Σ_n coefficient_n · loss_n, with gradient, and fills the signals of every row.</summary>
    public torch.Tensor Apply(TokenRows rows, torch.Tensor coefficients_N, RowSignalBuffers signals)
    {
        bool trainHidden = torch.is_grad_enabled() && rows.StudentHidden_ND.requires_grad;
        bool trainHead = torch.is_grad_enabled() && rows.StudentHead_VD is { requires_grad: true };
        FusedGradients gradients = new(rows, trainHidden, trainHead);
        torch.Tensor value;
        using (torch.no_grad())
        {
            value = Accumulate(rows, coefficients_N, signals, gradients);
        }
        if (!trainHidden && !trainHead) return value;
        return GivenGradientFunction.Attach(value, rows.StudentHidden_ND, gradients.Hidden_ND, rows.StudentHead_VD, gradients.Head_VD);
    }

    /// <summary>The pass itself, without a graph: returns Σ_n coefficient_n · loss_n and adds its gradient to <paramref name="gradients"/>.</summary>
    public torch.Tensor Accumulate(TokenRows rows, torch.Tensor coefficients_N, RowSignalBuffers signals, FusedGradients gradients)
    {
        using StepProfile.Span span = StepProfile.Measure("loss");
        CheckIds(rows);
        LogitSource student = new(rows.StudentHidden_ND, rows.StudentHead_VD, rows.VocabularySize, "student");
        LogitSource? teacher = rows.TeacherHidden_NM is null ? null : new(rows.TeacherHidden_NM, rows.TeacherHead_WM, rows.VocabularySize, "teacher");
        ChunkPlan plan = ChunkPlan.For(student.Rows, rows.VocabularySize, rows.StudentHidden_ND.dtype.ElementSize(), rows.StudentHidden_ND.device.type == DeviceType.CPU);
        torch.Tensor coefficients = coefficients_N.to(student.ComputeType);

        using torch.Tensor studentBuffer = student.NewBuffer(plan.ChunkRows);
        using torch.Tensor? teacherBuffer = teacher?.NewBuffer(plan.ChunkRows);
        using BlockWorkspace workspace = new(plan.BlockRows, rows.VocabularySize, student.ComputeType, rows.StudentHidden_ND.device);
        foreach ((long start, long count) in plan.Chunks)
        {
            using DisposeScope chunkScope = torch.NewDisposeScope();
            torch.Tensor studentLogits_CV = studentBuffer.narrow(0, 0, count);
            torch.Tensor? teacherLogits_CV = teacherBuffer?.narrow(0, 0, count);
            student.Fill(start, studentLogits_CV);
            if (teacherLogits_CV is not null) teacher!.Fill(start, teacherLogits_CV);
            if (!TryDirectly(studentLogits_CV, teacherLogits_CV, rows.SampledIds_N.narrow(0, start, count), signals.Rows(start, count), gradients.AreWanted))
                RunBlocks(plan, workspace, start, studentLogits_CV, teacherLogits_CV, rows, signals, gradients.AreWanted);
            if (gradients.AreWanted)
                gradients.Accumulate(student, start, studentLogits_CV, coefficients.narrow(0, start, count).div(_studentTemperature));
        }
        return (signals.Loss_N * coefficients).sum();
    }

    private static void CheckIds(TokenRows rows)
    {
        if (rows.SampledIds_N.shape[0] == 0) return;
        long smallest = rows.SampledIds_N.min().ToInt64(), largest = rows.SampledIds_N.max().ToInt64();
        if (smallest >= 0 && largest < rows.VocabularySize) return;
        throw new OpdException(ErrorCodes.TokenOutOfRange,
            $"Token id {(smallest < 0 ? smallest : largest)} has no column: the vocabulary that both models share ends at {rows.VocabularySize - 1}. "
            + "Check that prompts and rollouts were tokenized with the student's tokenizer.");
    }

    private bool TryDirectly(torch.Tensor studentLogits_CV, torch.Tensor? teacherLogits_CV, torch.Tensor ids_C, RowSignalBuffers signals, bool withGradient) =>
        teacherLogits_CV is not null && LogitChunk.Reaches(studentLogits_CV) && studentLogits_CV.dtype == teacherLogits_CV.dtype
        && _loss.TryFill(new LogitChunk(studentLogits_CV, _studentTemperature, teacherLogits_CV, _teacherTemperature, ids_C, signals, withGradient));

    private void RunBlocks(ChunkPlan plan, BlockWorkspace workspace, long start, torch.Tensor studentLogits_CV, torch.Tensor? teacherLogits_CV, TokenRows rows,
        RowSignalBuffers signals, bool withGradient)
    {
        foreach ((long offset, long height) in plan.Blocks(studentLogits_CV.shape[0]))
        {
            using DisposeScope blockScope = torch.NewDisposeScope();
            torch.Tensor logits_RV = studentLogits_CV.narrow(0, offset, height);
            RowSignalBuffers blockSignals = signals.Rows(start + offset, height);
            RowLossResult block = RunBlock(workspace, logits_RV, teacherLogits_CV?.narrow(0, offset, height),
                rows.SampledIds_N.narrow(0, start + offset, height), blockSignals, withGradient);
            blockSignals.StoreLoss(block);
            if (block.Gradient_RV is not null) logits_RV.copy_(block.Gradient_RV); // the logits are spent: their place takes the gradient
        }
    }

    private RowLossResult RunBlock(BlockWorkspace workspace, torch.Tensor studentLogits_RV, torch.Tensor? teacherLogits_RV, torch.Tensor ids_R,
        RowSignalBuffers signals, bool withGradient)
    {
        DistributionPair pair = DistributionPair.FromLogits(workspace, studentLogits_RV, 1, teacherLogits_RV, 1, ids_R);
        signals.StoreDistributions(pair); // shown at temperature 1, whatever the loss uses
        if (_studentTemperature != 1 || _teacherTemperature != 1)
            pair = DistributionPair.FromLogits(workspace, studentLogits_RV, _studentTemperature, teacherLogits_RV, _teacherTemperature, ids_R);
        return _loss.Evaluate(pair, withGradient);
    }
}
