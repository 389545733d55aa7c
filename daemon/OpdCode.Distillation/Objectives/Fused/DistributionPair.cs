using OpdCode.Distillation.Kernels;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>
/// Student and teacher at R states over the same V outcomes: probabilities and their natural logarithms. Whoever
/// computes a loss from it may overwrite all tensors: each pass over [R, V] saved is time saved.
/// </summary>
internal sealed class DistributionPair
{
    private readonly BlockWorkspace _workspace;
    private readonly long _height;
    private int _used;

    private DistributionPair(BlockWorkspace workspace, torch.Tensor sampledIds_R, int used = 0)
    {
        _workspace = workspace;
        _used = used;
        _height = sampledIds_R.shape[0];
        SampledIds_R = sampledIds_R;
        LogStudent_RV = Scratch();
        Student_RV = Scratch();
    }

    /// <summary>log S ≥ −1e4: a probability of 0 has a finite logarithm, so that 0 · log 0 is 0 and never NaN.</summary>
    public torch.Tensor LogStudent_RV { get; }

    /// <summary>S.</summary>
    public torch.Tensor Student_RV { get; }

    /// <summary>log T ≥ −1e4.</summary>
    public torch.Tensor LogTeacher_RV { get; private set; } = null!;

    /// <summary>T.</summary>
    public torch.Tensor Teacher_RV { get; private set; } = null!;

    /// <summary>Entropy of S, nats, shape [R]; null for a pair over other outcomes than the vocabulary.</summary>
    public torch.Tensor? StudentEntropy_R { get; private set; }

    /// <summary>Entropy of T, nats, shape [R]; null without a teacher or over other outcomes than the vocabulary.</summary>
    public torch.Tensor? TeacherEntropy_R { get; private set; }

    /// <summary>The token that stands at each row.</summary>
    public torch.Tensor SampledIds_R { get; }

    /// <summary>Softmax of both sides' logits, each at its temperature, in the workspace's type.</summary>
    public static DistributionPair FromLogits(BlockWorkspace workspace, torch.Tensor studentLogits_RV, double studentTemperature,
        torch.Tensor? teacherLogits_RV, double teacherTemperature, torch.Tensor sampledIds_R)
    {
        DistributionPair pair = new(workspace, sampledIds_R);
        pair.StudentEntropy_R = pair.Softmax(studentLogits_RV, studentTemperature, pair.LogStudent_RV, pair.Student_RV);
        if (teacherLogits_RV is null) return pair;
        (pair.LogTeacher_RV, pair.Teacher_RV) = (pair.Scratch(), pair.Scratch());
        pair.TeacherEntropy_R = pair.Softmax(teacherLogits_RV, teacherTemperature, pair.LogTeacher_RV, pair.Teacher_RV);
        return pair;
    }

    /// <summary>A pair over other outcomes than the vocabulary (a support of k tokens and perhaps a tail) from log-probabilities.</summary>
    public static DistributionPair FromLogProbabilities(BlockWorkspace workspace, torch.Tensor logStudent_RK, torch.Tensor logTeacher_RK, torch.Tensor sampledIds_R)
    {
        DistributionPair pair = new(workspace, sampledIds_R);
        pair.LogStudent_RV.copy_(logStudent_RK).clamp_min_(LogFloor);
        pair.Student_RV.copy_(logStudent_RK).exp_();
        (pair.LogTeacher_RV, pair.Teacher_RV) = (pair.Scratch(), pair.Scratch());
        pair.LogTeacher_RV.copy_(logTeacher_RK).clamp_min_(LogFloor);
        pair.Teacher_RV.copy_(logTeacher_RK).exp_();
        return pair;
    }

    /// <summary>A pair with the same numbers in tensors of its own.</summary>
    public DistributionPair Copy()
    {
        DistributionPair copy = new(_workspace, SampledIds_R, _used);
        copy.LogStudent_RV.copy_(LogStudent_RV);
        copy.Student_RV.copy_(Student_RV);
        (copy.LogTeacher_RV, copy.Teacher_RV) = (copy.Scratch(), copy.Scratch());
        copy.LogTeacher_RV.copy_(LogTeacher_RV);
        copy.Teacher_RV.copy_(Teacher_RV);
        _used = copy._used;
        return copy;
    }

    /// <summary>One more [R, V] tensor to compute in, contents undefined.</summary>
    public torch.Tensor Scratch() => _workspace.Rows(_used++, _height);

    /// <summary>Σ_v a·b of each row, shape [R].</summary>
    /// <remarks>
    /// A product and a sum, not a batched matrix-vector product: on blocks that stay in the cache the former takes a fifth
    /// of the time, and its sum is pairwise, so it is also the more exact one.
    /// </remarks>
    public torch.Tensor Dot_R(torch.Tensor a_RV, torch.Tensor b_RV)
    {
        torch.Tensor product_RV = _workspace.Rows(_used, _height);
        return product_RV.copy_(a_RV).mul_(b_RV).sum(1);
    }

    // exp of this is 0 even in float64; a product with it is finite.
    internal const double LogFloor = RowStatistics.LogFloor;

    private torch.Tensor Softmax(torch.Tensor logits_RV, double temperature, torch.Tensor log_RV, torch.Tensor probability_RV)
    {
        if (SoftmaxKernel.Reaches(log_RV))
        {
            torch.Tensor entropy_R = torch.empty(_height, dtype: torch.ScalarType.Float32);
            SoftmaxKernel.Fill(ProcessorMemory.Reaches(logits_RV) ? logits_RV : log_RV.copy_(logits_RV), temperature, log_RV, probability_RV, entropy_R);
            return entropy_R;
        }
        log_RV.copy_(logits_RV);
        if (temperature != 1) log_RV.div_(temperature);
        log_RV.sub_(log_RV.amax([1], keepdim: true)).clamp_min_(LogFloor);
        probability_RV.copy_(log_RV).exp_();
        torch.Tensor sum_R1 = probability_RV.sum(1, keepdim: true);
        probability_RV.div_(sum_R1);
        log_RV.sub_(sum_R1.log());
        return Dot_R(probability_RV, log_RV).neg_();
    }
}
