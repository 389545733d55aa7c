namespace OpdCode.Models.Generation.Cpu;

/// <summary>A LoRA pair of a module, packed: y += (x·Aᵀ)·(scale·B)ᵀ, at some columns of y.</summary>
/// <param name="A">[R, in].</param>
/// <param name="B">[out, R], times the scale.</param>
/// <param name="Column">Where the module's outputs begin in the product that it belongs to.</param>
internal sealed record LowRankUpdate(PackedMatrix A, PackedMatrix B, int Column) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }
}
