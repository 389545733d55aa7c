using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OpdCode.Recipes.Data;

/// <summary>Tells prompts apart by their content: the same on every machine and in every run.</summary>
public static class PromptHash
{
    /// <summary>128 bits of SHA-256 over the prompt, or over every message's role and content.</summary>
    public static UInt128 Of(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        Span<byte> hash = stackalloc byte[32];
        if (example.Prompt is { } prompt)
        {
            SHA256.HashData(MemoryMarshal.AsBytes(prompt.AsSpan()), hash);
        }
        else
        {
            using IncrementalHash whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Span<byte> lengths = stackalloc byte[8];
            foreach (ChatMessageRecord message in example.Messages!)
            {
                // The lengths keep ("a", "bc") and ("ab", "c") apart.
                BinaryPrimitives.WriteInt32LittleEndian(lengths, message.Role.Length);
                BinaryPrimitives.WriteInt32LittleEndian(lengths[4..], message.Content.Length);
                whole.AppendData(lengths);
                whole.AppendData(MemoryMarshal.AsBytes(message.Role.AsSpan()));
                whole.AppendData(MemoryMarshal.AsBytes(message.Content.AsSpan()));
            }
            whole.GetHashAndReset(hash);
        }
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
