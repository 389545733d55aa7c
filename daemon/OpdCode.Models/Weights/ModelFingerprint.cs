using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using OpdCode.Protocol;

namespace OpdCode.Models.Weights;

/// <summary>Says in one line whether a model folder is still the one it was.</summary>
public static class ModelFingerprint
{
    private const long WholeBytes = 64L << 20;
    private const int Samples = 256;
    private const int SampleBytes = 64 << 10;

    /// <summary>The fingerprint of a model folder, an adapter's base included.</summary>
    /// <remarks>
    /// Covers names and lengths of all files that a model is made of, the whole content of those up to 64 MiB, and of
    /// larger ones the first MiB (the header) and 256 blocks of 64 KiB spread evenly over the rest. Another model of the
    /// same shape differs in nearly every weight, so it differs in a block; one changed weight may be missed.
    /// </remarks>
    /// <param name="folder">A model folder, or an adapter's.</param>
    /// <returns><c>sampled-sha256:</c> and 64 hexadecimal digits.</returns>
    /// <exception cref="OpdException">OPD1002 when the folder is not there; OPD2901 when a file cannot be read.</exception>
    public static string Of(string folder)
    {
        folder = Path.GetFullPath(folder);
        if (!Directory.Exists(folder)) throw new OpdException(ErrorCodes.FileNotFound, $"There is no model folder {folder}. Put it back, or check the path.");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            foreach (string part in new[] { folder, AdapterBase.ModelFolder(folder) }.Distinct()) Add(hash, part);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.FileNotAccessible, $"{folder}: {failure.Message}", failure);
        }
        return "sampled-sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, string folder)
    {
        var buffer = new byte[1 << 20];
        Span<byte> length = stackalloc byte[8];
        foreach (string name in Directory.EnumerateFiles(folder).Select(p => Path.GetFileName(p)!).Where(IsPart).Order(StringComparer.Ordinal))
        {
            using var stream = new FileStream(Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            hash.AppendData(Encoding.UTF8.GetBytes(name + "\n"));
            BinaryPrimitives.WriteInt64LittleEndian(length, stream.Length);
            hash.AppendData(length);
            if (stream.Length <= WholeBytes)
            {
                for (int read = stream.Read(buffer); read > 0; read = stream.Read(buffer)) hash.AppendData(buffer.AsSpan(0, read));
                continue;
            }
            hash.AppendData(buffer.AsSpan(0, stream.ReadAtLeast(buffer, buffer.Length)));
            for (int i = 0; i < Samples; i++)
            {
                stream.Position = (stream.Length - SampleBytes) * i / (Samples - 1); // the last block ends where the file does
                hash.AppendData(buffer.AsSpan(0, stream.ReadAtLeast(buffer.AsSpan(0, SampleBytes), SampleBytes)));
            }
        }
    }

    private static bool IsPart(string name) =>
        Path.GetExtension(name) is ".json" or ".safetensors" or ".jinja" or ".model" || name == "merges.txt";
}
