using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OpdCode.Models.Vectors;

/// <summary>Eight floats: AVX2. Sixteen registers hold a tile of four rows.</summary>
internal readonly unsafe struct Lane256(Vector256<float> value) : ILane<Lane256>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    public static int TileRows => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 All(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 MultiplyAdd(Lane256 a, Lane256 b, Lane256 c) => new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Add(Lane256 a, Lane256 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Subtract(Lane256 a, Lane256 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Multiply(Lane256 a, Lane256 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Divide(Lane256 a, Lane256 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Max(Lane256 a, Lane256 b) => new(Vector256.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Exp(Lane256 a)
    {
        Vector256<float> x = Vector256.Min(a._value, Vector256.Create(Exponential.Most)), n = Vector256.Round(x * Vector256.Create(Exponential.Log2E));
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Exponential.Ln2High), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Exponential.Ln2Low), r);
        Vector256<float> p = Vector256.Create(Exponential.C7);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(Exponential.C6));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(Exponential.C5));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(Exponential.C4));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(Exponential.C3));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(Exponential.C2));
        p = Vector256.FusedMultiplyAdd(p, r * r, r + Vector256<float>.One);
        Vector256<float> power = ((Vector256.ConvertToInt32Native(n) + Vector256.Create(Exponential.Bias)) << Exponential.MantissaBits).AsSingle();
        return new(Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(Exponential.Least)), Vector256<float>.Zero, p * power));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Log(Lane256 a) => new(Vector256.Log(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAnyAbove(Lane256 a, float limit) => Vector256.GreaterThanAny(a._value, Vector256.Create(limit));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lane256 a) => Vector256.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => _value.Store(to);
}
