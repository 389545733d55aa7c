using System.Buffers.Binary;
using System.Text;

namespace OpdCode.Models.Tests.Weights;

/// <summary>A folder that is gone after the test, and hand-made safetensors files in it.</summary>
internal sealed class ScratchFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("opdcode").FullName;

    internal string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes length, header and data exactly as given.</summary>
    internal string Safetensors(string name, string header, byte[] data) => Bytes(name, Image(Encoding.UTF8.GetBytes(header), data));

    internal string Bytes(string name, byte[] bytes)
    {
        File.WriteAllBytes(At(name), bytes);
        return At(name);
    }

    internal string Text(string name, string text) => Bytes(name, Encoding.UTF8.GetBytes(text));

    internal static byte[] Image(ReadOnlySpan<byte> header, ReadOnlySpan<byte> data)
    {
        byte[] image = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(image, header.Length);
        header.CopyTo(image.AsSpan(8));
        data.CopyTo(image.AsSpan(8 + header.Length));
        return image;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
