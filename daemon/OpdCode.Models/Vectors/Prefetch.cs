using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace OpdCode.Models.Vectors;

/// <summary>Asks for memory before it is needed. Only a hint: it changes no result, and nothing happens where the runtime has no such instruction.</summary>
internal static unsafe class Prefetch
{
    private const int FloatsInLine = 16;

    /// <summary>One line into the second-nearest cache. The address need not be valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(float* at)
    {
        if (Sse.IsSupported) Sse.Prefetch1(at);
    }

    /// <summary>Into the second-nearest cache. The addresses need not be valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Near(float* from, int floats)
    {
        if (!Sse.IsSupported) return;
        for (int i = 0; i < floats; i += FloatsInLine) Sse.Prefetch1(from + i);
    }
}
