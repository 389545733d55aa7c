using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// A convex f with f(1) = 0, and its derivative, in terms of u = T/S: D_f = Σ S·f(T/S). Source: the survey's framework
/// (arXiv 2604.00626).
/// </summary>
/// <param name="Name">What it generates, for labels.</param>
/// <param name="Value">f(u), elementwise; may not overwrite its argument.</param>
/// <param name="Derivative">f′(u), elementwise; may not overwrite its argument.</param>
internal sealed record FGenerator(string Name, Func<torch.Tensor, torch.Tensor> Value, Func<torch.Tensor, torch.Tensor> Derivative)
{
    /// <summary>The generators of the divergences that have one, by their recipe names.</summary>
    public static IReadOnlyDictionary<string, FGenerator> Known { get; } = new FGenerator[]
    {
        new("forward-kl", u => u * u.log(), u => u.log() + 1),
        new("reverse-kl", u => u.log().neg(), u => u.reciprocal().neg()),
        // Half of the survey's printed form, which is twice the usual JSD.
        new("jsd", u => (u * u.log() - (u + 1) * ((u + 1) / 2).log()) / 2, u => (u.log() - ((u + 1) / 2).log()) / 2),
        new("total-variation", u => (u - 1).abs() / 2, u => (u - 1).sign() / 2),
        new("hellinger", u => (u.sqrt() - 1).pow(2) / 2, u => (1 - u.rsqrt()) / 2),
        new("chi-squared", u => (u - 1).pow(2), u => (u - 1) * 2),
        new("jeffreys", u => (u - 1) * u.log(), u => u.log() + 1 - u.reciprocal()), // the sum of both KLs
        new("triangular", u => (u - 1).pow(2) / (u + 1) / 2, u => (u - 1) * (u + 3) / (u + 1).pow(2) / 2), // Vincze and Le Cam: ½·Σ(T − S)²/(T + S)
    }.ToDictionary(g => g.Name, StringComparer.Ordinal);

    /// <summary>The generator of a name.</summary>
    /// <exception cref="OpdException">OPD1301 with the known ones.</exception>
    public static FGenerator Of(string name) => Known.GetValueOrDefault(name) ?? throw new OpdException(ErrorCodes.ObjectiveInvalid,
        $"The generator \"{name}\" is not known. Known: {string.Join(", ", Known.Keys)}.");

    /// <summary>
    /// The advantage of the sampled token, w(u) = u·f′(u) − f(u) with w(1) taken off: for y drawn from S,
    /// E[w · ∇ log S(y)] = −∇ D_f, and a constant changes nothing. It is 0 where T = S.
    /// </summary>
    public torch.Tensor Advantage(torch.Tensor u) => u * Derivative(u) - Value(u) - AtOne(u);

    private torch.Tensor AtOne(torch.Tensor u)
    {
        torch.Tensor one = torch.ones(1, dtype: u.dtype, device: u.device);
        return Derivative(one) - Value(one);
    }
}
