using System.Text;
using System.Text.Json;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Work;

/// <summary>Adds to a run's events.jsonl from outside of its session. Only for whoever holds the run.</summary>
internal static class EventFile
{
    /// <summary>Appends a line; what a killed process left of its last line is dropped before.</summary>
    /// <exception cref="OpdException">OPD3003: the folder cannot be written.</exception>
    public static void Append(string folder, RunEvent happened) => AppendLine(folder, "events.jsonl", happened);

    /// <summary>Appends a line to a file of the folder.</summary>
    /// <exception cref="OpdException">OPD3003: the folder cannot be written.</exception>
    public static void AppendLine<T>(string folder, string file, T value)
    {
        byte[] line = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value, RunJson.Options) + "\n");
        try
        {
            using var stream = new FileStream(Path.Combine(folder, file), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            long whole = EndOfLastLine(stream);
            if (whole != stream.Length) stream.SetLength(whole);
            stream.Seek(0, SeekOrigin.End);
            stream.Write(line);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{folder} cannot be written: {failure.Message} What was written before is complete.", failure);
        }
    }

    private static long EndOfLastLine(FileStream stream)
    {
        byte[] block = new byte[4096];
        for (long end = stream.Length; end > 0; end -= block.Length)
        {
            long start = Math.Max(0, end - block.Length);
            stream.Position = start;
            stream.ReadExactly(block, 0, (int)(end - start));
            int at = block.AsSpan(0, (int)(end - start)).LastIndexOf((byte)'\n');
            if (at >= 0) return start + at + 1;
        }
        return 0;
    }
}
