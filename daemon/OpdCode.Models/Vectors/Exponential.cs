namespace OpdCode.Models.Vectors;

/// <summary>
/// The constants of a float exponential: eˣ = 2ⁿ·eʳ with |r| ≤ ln 2 / 2, and a polynomial for eʳ (Cephes, S. Moshier),
/// within two units in the last place. The runtime's own works in double precision and takes several times as long,
/// which at 32,000 tokens a row is a fifth of a step.
/// </summary>
internal static class Exponential
{
    /// <summary>Larger arguments are taken as this: the largest whose result is finite.</summary>
    public const float Most = 88.37626f;

    /// <summary>Below this the result is 0.</summary>
    public const float Least = -87.33654f;

    public const float Log2E = 1.44269504f;

    // ln 2 in two parts, the first exact in few bits, so that n times it is exact.
    public const float Ln2High = 0.693359375f;
    public const float Ln2Low = -2.12194440e-4f;

    public const float C2 = 5.0000001201e-1f;
    public const float C3 = 1.6666665459e-1f;
    public const float C4 = 4.1665795894e-2f;
    public const float C5 = 8.3334519073e-3f;
    public const float C6 = 1.3981999507e-3f;
    public const float C7 = 1.9875691500e-4f;

    public const int Bias = 127;
    public const int MantissaBits = 23;
}
