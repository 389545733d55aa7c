using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OpdCode.Models.Vectors;

/// <summary>Four floats: the 32 registers of Arm processors.</summary>
internal readonly unsafe struct Lane128(Vector128<float> value) : ILane<Lane128>
{
    private readonly Vector128<float> _value = value;

    public static int Count => 4;

    public static int TileRows => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane128 All(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane128 Load(float* from) => new(Vector128.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane128 MultiplyAdd(Lane128 a, Lane128 b, Lane128 c) => new(Vector128.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane128 Add(Lane128 a, Lane128 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane128 Subtract(Lane128 a, Lane128 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane128 Multiply(Lane128 a, Lane128 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane128 Divide(Lane128 a, Lane128 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane128 Max(Lane128 a, Lane128 b) => new(Vector128.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane128 Exp(Lane128 a)
    {
        Vector128<float> x = Vector128.Min(a._value, Vector128.Create(Exponential.Most)), n = Vector128.Round(x * Vector128.Create(Exponential.Log2E));
        Vector128<float> r = Vector128.FusedMultiplyAdd(n, Vector128.Create(-Exponential.Ln2High), x);
        r = Vector128.FusedMultiplyAdd(n, Vector128.Create(-Exponential.Ln2Low), r);
        Vector128<float> p = Vector128.Create(Exponential.C7);
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(Exponential.C6));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(Exponential.C5));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(Exponential.C4));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(Exponential.C3));
        p = Vector128.FusedMultiplyAdd(p, r, Vector128.Create(Exponential.C2));
        p = Vector128.FusedMultiplyAdd(p, r * r, r + Vector128<float>.One);
        Vector128<float> power = ((Vector128.ConvertToInt32Native(n) + Vector128.Create(Exponential.Bias)) << Exponential.MantissaBits).AsSingle();
        return new(Vector128.ConditionalSelect(Vector128.LessThan(x, Vector128.Create(Exponential.Least)), Vector128<float>.Zero, p * power));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane128 Log(Lane128 a) => new(Vector128.Log(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAnyAbove(Lane128 a, float limit) => Vector128.GreaterThanAny(a._value, Vector128.Create(limit));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lane128 a) => Vector128.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => _value.Store(to);
}
