namespace OpdCode.Models.Vectors;

/// <summary>
/// One vector register of floats. Kernels are written once over it; the compiler makes one version per width, and a
/// width is a struct around a vector, so nothing is left of the abstraction in the machine code.
/// </summary>
/// <typeparam name="T">The implementing struct.</typeparam>
internal unsafe interface ILane<T>
    where T : struct, ILane<T>
{
    /// <summary>Floats in a register.</summary>
    static abstract int Count { get; }

    /// <summary>Rows of a product's tile: three registers each, and all must fit beside four others.</summary>
    static abstract int TileRows { get; }

    static abstract T All(float value);

    static abstract T Load(float* from);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    static abstract T Add(T a, T b);

    static abstract T Subtract(T a, T b);

    static abstract T Multiply(T a, T b);

    static abstract T Divide(T a, T b);

    static abstract T Max(T a, T b);

    /// <summary>eᵃ within two units in the last place; 0 below −87.3.</summary>
    static abstract T Exp(T a);

    /// <summary>Natural logarithm of positive normal numbers.</summary>
    static abstract T Log(T a);

    /// <summary>Whether any of the floats is larger.</summary>
    static abstract bool IsAnyAbove(T a, float limit);

    /// <summary>The sum of the floats.</summary>
    static abstract float Sum(T a);

    void Store(float* to);
}
