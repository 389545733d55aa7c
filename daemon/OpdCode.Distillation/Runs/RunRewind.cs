using System.Globalization;
using System.Text.Json;
using OpdCode.Models.Weights;

namespace OpdCode.Distillation.Runs;

/// <summary>
/// Brings the lines of a run folder back to a checkpoint, before the run goes on from there. The steps after it will be
/// done again, so their lines leave: to <c>superseded/N</c>, where they can still be read. Whoever reads the files as
/// they are, with any program, finds every step once.
/// </summary>
/// <remarks>
/// Nothing is cut in place: the tail is copied first, then the head is written aside and renamed over the file. Killed
/// in between, the next call does it again. events.jsonl is a log of what happened and keeps all of its lines.
/// </remarks>
internal static class RunRewind
{
    /// <summary>Goes back to the end of a step.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="step">The last step to keep; −1 keeps nothing.</param>
    public static void To(string folder, int step)
    {
        string superseded = NextSuperseded(folder);
        Cut(folder, "metrics.jsonl", superseded, line => StepOf(line) is int at && at <= step);
        Cut(folder, "events.jsonl", superseded, _ => true);
        string rollouts = Path.Combine(folder, "rollouts");
        if (!Directory.Exists(rollouts)) return;
        foreach (string file in Directory.EnumerateFiles(rollouts, "step-*.jsonl").ToArray())
        {
            string name = Path.GetFileName(file);
            if (!int.TryParse(name.AsSpan("step-".Length..^".jsonl".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int of) || of <= step) continue;
            string target = Path.Combine(superseded, "rollouts", name);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(file, target, overwrite: true);
        }
    }

    // The head: complete lines up to the first that is not wanted. The lines of these files are in the order of their steps.
    private static void Cut(string folder, string name, string superseded, Func<ReadOnlyMemory<byte>, bool> keep)
    {
        string path = Path.Combine(folder, name);
        if (!File.Exists(path)) return;
        byte[] all = File.ReadAllBytes(path);
        int head = 0;
        while (head < all.Length)
        {
            int end = all.AsSpan(head).IndexOf((byte)'\n');
            if (end < 0 || !keep(all.AsMemory(head, end))) break; // without its end the line is torn: the process died in it
            head += end + 1;
        }
        if (head == all.Length) return;
        WholeFile.Replace(Path.Combine(superseded, name), stream => stream.Write(all.AsSpan(head)));
        WholeFile.Replace(path, stream => stream.Write(all.AsSpan(0, head)));
    }

    private static int? StepOf(ReadOnlyMemory<byte> line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("step", out JsonElement step) && step.TryGetInt32(out int number) ? number : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string NextSuperseded(string folder)
    {
        string parent = Path.Combine(folder, "superseded");
        return Enumerable.Range(1, int.MaxValue).Select(n => Path.Combine(parent, n.ToString(CultureInfo.InvariantCulture))).First(p => !Directory.Exists(p));
    }
}
