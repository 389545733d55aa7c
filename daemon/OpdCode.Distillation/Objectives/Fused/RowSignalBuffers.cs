using TorchSharp;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>The per-row numbers of a fused pass, written block by block, in the type the pass computes in.</summary>
internal sealed class RowSignalBuffers
{
    private readonly bool _hasTeacher;

    private RowSignalBuffers(Func<torch.Tensor> column, bool hasTeacher, bool hasMass)
    {
        _hasTeacher = hasTeacher;
        StudentLogprob_N = column();
        StudentEntropy_N = column();
        Loss_N = column();
        if (hasTeacher) (TeacherLogprob_N, TeacherEntropy_N) = (column(), column());
        if (hasMass) (StudentMass_N, TeacherMass_N) = (column(), column());
    }

    private RowSignalBuffers(RowSignalBuffers all, long start, long count)
    {
        _hasTeacher = all._hasTeacher;
        StudentLogprob_N = all.StudentLogprob_N.narrow(0, start, count);
        StudentEntropy_N = all.StudentEntropy_N.narrow(0, start, count);
        Loss_N = all.Loss_N.narrow(0, start, count);
        TeacherLogprob_N = all.TeacherLogprob_N?.narrow(0, start, count);
        TeacherEntropy_N = all.TeacherEntropy_N?.narrow(0, start, count);
        StudentMass_N = all.StudentMass_N?.narrow(0, start, count);
        TeacherMass_N = all.TeacherMass_N?.narrow(0, start, count);
    }

    /// <summary>log S of the token, temperature 1.</summary>
    public torch.Tensor StudentLogprob_N { get; }

    /// <summary>log T of the token, temperature 1.</summary>
    public torch.Tensor? TeacherLogprob_N { get; }

    /// <summary>H(S), temperature 1.</summary>
    public torch.Tensor StudentEntropy_N { get; }

    /// <summary>H(T), temperature 1.</summary>
    public torch.Tensor? TeacherEntropy_N { get; }

    /// <summary>The row loss before weights.</summary>
    public torch.Tensor Loss_N { get; }

    /// <summary>Student probability inside the support, where there is one.</summary>
    public torch.Tensor? StudentMass_N { get; }

    /// <summary>Teacher probability inside the support, where there is one.</summary>
    public torch.Tensor? TeacherMass_N { get; }

    /// <summary>Buffers for the rows of a micro-batch.</summary>
    public static RowSignalBuffers For(TokenRows rows, bool hasMass)
    {
        torch.Tensor hidden = rows.StudentHidden_ND;
        torch.ScalarType type = hidden.dtype == torch.ScalarType.Float64 ? torch.ScalarType.Float64 : torch.ScalarType.Float32;
        return new RowSignalBuffers(() => torch.zeros(hidden.shape[0], dtype: type, device: hidden.device), rows.TeacherHidden_NM is not null, hasMass);
    }

    /// <summary>A window on some rows.</summary>
    public RowSignalBuffers Rows(long start, long count) => new(this, start, count);

    /// <summary>Writes log-probabilities of the sampled tokens and entropies; does not change <paramref name="pair"/>.</summary>
    public void StoreDistributions(DistributionPair pair)
    {
        torch.Tensor ids_R1 = pair.SampledIds_R.unsqueeze(1);
        StudentLogprob_N.copy_(pair.LogStudent_RV.gather(1, ids_R1).squeeze(1));
        StudentEntropy_N.copy_(pair.StudentEntropy_R!);
        if (!_hasTeacher) return;
        TeacherLogprob_N!.copy_(pair.LogTeacher_RV.gather(1, ids_R1).squeeze(1));
        TeacherEntropy_N!.copy_(pair.TeacherEntropy_R!);
    }

    /// <summary>Writes the row losses and captured masses.</summary>
    public void StoreLoss(RowLossResult block)
    {
        Loss_N.copy_(block.Value_R);
        if (block.StudentMass_R is not null) StudentMass_N?.copy_(block.StudentMass_R);
        if (block.TeacherMass_R is not null) TeacherMass_N?.copy_(block.TeacherMass_R);
    }
}
