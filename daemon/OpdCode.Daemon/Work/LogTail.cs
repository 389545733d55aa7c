using System.Text;

namespace OpdCode.Daemon.Work;

/// <summary>The last lines of a run's log.</summary>
internal static class LogTail
{
    private const int Lines = 40, Bytes = 16 * 1024;

    /// <summary>At most forty lines, at most 16 kB; none when there is no log.</summary>
    public static IReadOnlyList<string> Of(string folder)
    {
        try
        {
            using var stream = new FileStream(Path.Combine(folder, RunFiles.Log), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            long start = Math.Max(0, stream.Length - Bytes);
            stream.Position = start;
            using var reader = new StreamReader(stream, Encoding.UTF8);
            string[] lines = reader.ReadToEnd().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
            return [.. lines.Skip(start > 0 && lines.Length > 1 ? 1 : 0).TakeLast(Lines).Where(l => l.Length > 0)];
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
