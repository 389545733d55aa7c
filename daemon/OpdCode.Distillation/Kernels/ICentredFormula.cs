using System.Numerics;

namespace OpdCode.Distillation.Kernels;

/// <summary>
/// A divergence of the form Σ extra + a·Σ S·x whose gradient on the student's logits is a·S·(x − Σ S·x): reverse KL and
/// Jensen–Shannon. A struct, so that the compiler makes one tight loop for each.
/// </summary>
internal interface ICentredFormula
{
    /// <summary>a.</summary>
    float Scale { get; }

    /// <summary>x and the extra summand of some outcomes.</summary>
    /// <param name="logS">log S.</param>
    /// <param name="s">S.</param>
    /// <param name="logT">log T.</param>
    /// <param name="t">T.</param>
    /// <param name="extra">What the value adds besides a·S·x.</param>
    Vector<float> At(Vector<float> logS, Vector<float> s, Vector<float> logT, Vector<float> t, out Vector<float> extra);
}
