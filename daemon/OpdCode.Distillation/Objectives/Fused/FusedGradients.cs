using TorchSharp;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>The gradients a fused pass builds up: to the student's hidden states and, where it is trained, to its head.</summary>
internal sealed class FusedGradients
{
    private readonly torch.Tensor? _head_VD;

    /// <summary>Allocates what is wanted, zero.</summary>
    public FusedGradients(TokenRows rows, bool hidden, bool head)
    {
        if (hidden) Hidden_ND = torch.zeros_like(rows.StudentHidden_ND).detach();
        if (!head) return;
        torch.Tensor weight = rows.StudentHead_VD!;
        // Sums over chunks are kept in at least float32: bfloat16 would lose a late chunk's small gradient.
        _head_VD = torch.zeros(weight.shape, dtype: weight.dtype == torch.ScalarType.Float64 ? torch.ScalarType.Float64 : torch.ScalarType.Float32, device: weight.device);
    }

    /// <summary>Whether any gradient is wanted.</summary>
    public bool AreWanted => Hidden_ND is not null || _head_VD is not null;

    /// <summary>Gradient to the hidden states (to the logits where logits are given), shape [N, D].</summary>
    public torch.Tensor? Hidden_ND { get; }

    /// <summary>Gradient to the whole head; rows beyond the vocabulary stay zero.</summary>
    public torch.Tensor? Head_VD => _head_VD;

    /// <summary>Adds a chunk: <paramref name="logitGradient_CV"/> before row coefficients, in the model's type.</summary>
    public void Accumulate(LogitSource student, long start, torch.Tensor logitGradient_CV, torch.Tensor coefficient_C)
    {
        long count = logitGradient_CV.shape[0];
        torch.Tensor coefficient_C1 = coefficient_C.unsqueeze(1);
        if (student.AreGiven)
        {
            torch.Tensor into = Hidden_ND!.narrow(0, start, count).narrow(1, 0, logitGradient_CV.shape[1]);
            into.copy_(logitGradient_CV).mul_(coefficient_C1);
            return;
        }
        if (Hidden_ND is not null)
        {
            torch.Tensor into = Hidden_ND.narrow(0, start, count);
            into.addmm_(logitGradient_CV, student.Head_VD, 0, 1).mul_(coefficient_C1.to(into.dtype));
        }
        if (_head_VD is null) return;
        torch.Tensor hidden_CD = student.Hidden_CD(start, count);
        torch.Tensor scaled_CD = hidden_CD.mul(coefficient_C1.to(hidden_CD.dtype));
        torch.Tensor sum_VD = _head_VD.narrow(0, 0, logitGradient_CV.shape[1]);
        if (sum_VD.dtype == scaled_CD.dtype) sum_VD.addmm_(logitGradient_CV.t(), scaled_CD, 1, 1);
        else AddInTiles(sum_VD, logitGradient_CV, scaled_CD);
    }

    // A product in bfloat16 is added to the float32 sum a few thousand tokens at a time, so that it is read from the cache.
    private static void AddInTiles(torch.Tensor sum_VD, torch.Tensor logitGradient_CV, torch.Tensor scaled_CD)
    {
        const long Tile = 8192;
        for (long first = 0; first < sum_VD.shape[0]; first += Tile)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            long count = Math.Min(Tile, sum_VD.shape[0] - first);
            sum_VD.narrow(0, first, count).add_(torch.mm(logitGradient_CV.narrow(1, first, count).t(), scaled_CD));
        }
    }
}
