using System.Runtime.InteropServices;

namespace OpdCode.Models.Vectors;

/// <summary>Floats outside the managed heap, aligned to cache lines. Not cleared.</summary>
internal sealed unsafe class NativeFloats : SafeHandle
{
    private const int CacheLine = 64;

    public NativeFloats(long count)
        : base(0, ownsHandle: true) => SetHandle((nint)NativeMemory.AlignedAlloc((nuint)Math.Max(count, 1) * sizeof(float), CacheLine));

    /// <summary>The first float. Valid until the buffer is disposed.</summary>
    public float* Start => (float*)handle;

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
