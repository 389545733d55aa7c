using System.Security.Cryptography;

namespace OpdCode.Daemon.Catalogue;

/// <summary>Bytes that end with their hash: a database gives back what the disk has, and what it says is believed unread.</summary>
internal static class SealedBytes
{
    /// <summary>Bytes with their hash.</summary>
    /// <param name="write">Writes them.</param>
    public static byte[] Write(Action<BinaryWriter> write)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        write(writer);
        writer.Flush();
        writer.Write(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
        return bytes.ToArray();
    }

    /// <summary>A reader of such bytes.</summary>
    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public static BinaryReader Open(byte[] bytes)
    {
        int end = bytes.Length - SHA256.HashSizeInBytes;
        if (end < 0 || !SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end))) throw new InvalidDataException("a block of the catalogue is damaged");
        return new BinaryReader(new MemoryStream(bytes, 0, end));
    }
}
