namespace OpdCode.Models.Weights;

/// <summary>An adapter as read from its folder: what it says, and its factors. Owns the tensors.</summary>
/// <param name="Config">adapter_config.json.</param>
/// <param name="Modules">The factors by module path, for example model.layers.0.self_attn.q_proj; float32 on the CPU.</param>
public sealed record LoraAdapter(AdapterConfig Config, IReadOnlyDictionary<string, LoraPair> Modules) : IDisposable
{
    /// <inheritdoc />
    public void Dispose()
    {
        foreach (LoraPair pair in Modules.Values)
        {
            pair.A_RI.Dispose();
            pair.B_OR.Dispose();
        }
    }
}
