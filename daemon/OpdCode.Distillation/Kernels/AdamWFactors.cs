namespace OpdCode.Distillation.Kernels;

/// <summary>The numbers of one AdamW step: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← decay·w − rate·m / (√(v·widen) + ε).</summary>
/// <param name="GradientScale">What the gradient is multiplied by first (the clip).</param>
/// <param name="Beta1">β₁.</param>
/// <param name="Beta2">β₂.</param>
/// <param name="Epsilon">ε.</param>
/// <param name="Decay">1 − learning rate · weight decay, for matrices.</param>
/// <param name="Rate">Learning rate / (1 − β₁^step).</param>
/// <param name="Widen">1 / (1 − β₂^step).</param>
internal readonly record struct AdamWFactors(float GradientScale, float Beta1, float Beta2, float Epsilon, float Decay, float Rate, float Widen);
