using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using OpdCode.Models.Weights;

namespace OpdCode.Distillation.Runs;

/// <summary>
/// The metrics once more, as TensorBoard reads them: <c>tensorboard/events.out.tfevents.opdcode</c>, one scalar a metric
/// and step. <c>metrics.jsonl</c> stays the truth.
/// </summary>
/// <remarks>
/// Records as TensorFlow frames them (tensorflow/core/lib/io/record_writer.h): length, its checksum, data, its checksum;
/// the data are an Event in protocol buffer encoding. Written by hand because it is these few fields: the writer that
/// comes with TorchSharp starts a new file at every start and cannot go back to a step.
/// </remarks>
internal sealed class TensorBoardLog(string folder, TimeProvider time)
{
    private const string FileName = "events.out.tfevents.opdcode";
    private const int Frame = 8 + 4; // before the data; 4 more follow them

    private readonly string _path = Path.Combine(folder, "tensorboard", FileName);

    /// <summary>Appends the numbers of a step.</summary>
    public void Append(StepMetrics metrics)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        using var stream = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Position == 0) Write(stream, Event(0, body => Text(body, 3, "brain.Event:2")));
        Write(stream, Event(metrics.Step, body => Message(body, 5, summary =>
        {
            foreach ((string name, double value) in metrics.Values)
            {
                Message(summary, 1, scalar =>
                {
                    Text(scalar, 1, name);
                    Key(scalar, 2, 5);
                    Span<byte> number = stackalloc byte[4];
                    BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
                    scalar.Write(number);
                });
            }
        })));
    }

    /// <summary>Takes out what comes after a step, and a torn end.</summary>
    public void CutAfter(int step)
    {
        if (!File.Exists(_path)) return;
        byte[] all = File.ReadAllBytes(_path);
        int head = 0;
        while (Data(all.AsSpan(head)) is { Length: > 0 } data && StepOf(data) <= step) head += Frame + data.Length + 4;
        if (head == all.Length) return;
        using var files = new WholeFile();
        files.Write(_path, stream => stream.Write(all.AsSpan(0, head)));
        files.Commit();
    }

    /// <summary>The data of every whole record of a file.</summary>
    internal static IReadOnlyList<byte[]> Records(ReadOnlySpan<byte> file)
    {
        var records = new List<byte[]>();
        for (; Data(file) is { Length: > 0 } data; file = file[(Frame + data.Length + 4)..]) records.Add(data.ToArray());
        return records;
    }

    // Empty when no whole record begins here.
    private static ReadOnlySpan<byte> Data(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Frame || Masked(bytes[..8]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..])) return [];
        long length = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (length <= 0 || length > bytes.Length - Frame - 4) return [];
        ReadOnlySpan<byte> data = bytes.Slice(Frame, (int)length);
        return Masked(data) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[(Frame + (int)length)..]) ? data : [];
    }

    // Field 2, a varint, follows field 1, a double: Event always writes both.
    private static long StepOf(ReadOnlySpan<byte> data)
    {
        long step = 0;
        for (int i = 10, shift = 0; i < data.Length; i++, shift += 7)
        {
            step |= (long)(data[i] & 0x7F) << shift;
            if (data[i] < 0x80) break;
        }
        return step;
    }

    private byte[] Event(long step, Action<MemoryStream> rest)
    {
        using var body = new MemoryStream();
        Key(body, 1, 1);
        Span<byte> seconds = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(seconds, time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
        body.Write(seconds);
        Key(body, 2, 0);
        Varint(body, (ulong)step);
        rest(body);
        return body.ToArray();
    }

    private static void Write(FileStream stream, byte[] data)
    {
        var record = new byte[Frame + data.Length + 4];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Masked(record.AsSpan(0, 8)));
        data.CopyTo(record, Frame);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(Frame + data.Length), Masked(data));
        stream.Write(record); // at once: a process that dies leaves one torn record at most
    }

    private static void Message(MemoryStream into, int field, Action<MemoryStream> write)
    {
        using var inner = new MemoryStream();
        write(inner);
        Key(into, field, 2);
        Varint(into, (ulong)inner.Length);
        inner.WriteTo(into);
    }

    private static void Text(MemoryStream into, int field, string text) => Message(into, field, inner => inner.Write(Encoding.UTF8.GetBytes(text)));

    private static void Key(MemoryStream into, int field, int wire) => Varint(into, (ulong)((field << 3) | wire));

    private static void Varint(MemoryStream into, ulong value)
    {
        for (; value >= 0x80; value >>= 7) into.WriteByte((byte)(value | 0x80));
        into.WriteByte((byte)value);
    }

    /// <summary>CRC-32C, masked as TensorFlow does so that a checksum of data with checksums stays one.</summary>
    internal static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes) crc = BitOperations.Crc32C(crc, b);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xA282EAD8;
    }
}
