using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OpdCode.Recipes.Data;

/// <summary>
/// Splits examples by a hash of their prompt: an example stays on its side when others are added, removed or
/// reordered, and repeated prompts are never on both sides.
/// </summary>
public sealed class HeldOutSplit
{
    private readonly double _fraction;
    private readonly long _seed;

    /// <summary>A split.</summary>
    /// <param name="fraction">Share of prompts to hold out, 0 to 1.</param>
    /// <param name="seed">Another seed holds other prompts out.</param>
    public HeldOutSplit(double fraction, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fraction);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fraction, 1);
        (_fraction, _seed) = (fraction, seed);
    }

    /// <summary>True when the example belongs to the held-out part.</summary>
    public bool IsHeldOut(TrainingExample example)
    {
        Span<byte> input = stackalloc byte[24];
        BinaryPrimitives.WriteInt64LittleEndian(input, _seed);
        BinaryPrimitives.WriteUInt128LittleEndian(input[8..], PromptHash.Of(example));
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(input, hash);
        // 53 bits make a double in [0, 1) exactly.
        double place = (BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) * (1.0 / (1UL << 53));
        return place < _fraction;
    }
}
