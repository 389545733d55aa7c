using OpdCode.Daemon.Catalogue;

namespace OpdCode.Daemon.Rollouts;

/// <summary>What the index keeps of a file of rollouts: the place of each line, and what lists need of it.</summary>
/// <param name="Step">The step.</param>
/// <param name="Length">Bytes that the file had.</param>
/// <param name="Written">When it had been written, in UTC. A file of another length or time is read anew.</param>
/// <param name="Lines">Where its lines are.</param>
/// <param name="Summaries">One a line.</param>
internal sealed record IndexedStep(int Step, long Length, DateTime Written, IReadOnlyList<(long Offset, int Length)> Lines, IReadOnlyList<RolloutSummary> Summaries)
{
    /// <summary>As bytes.</summary>
    public byte[] ToBytes() => SealedBytes.Write(writer =>
    {
        string[] names = [.. Summaries.SelectMany(s => s.Columns.Keys).Distinct()];
        writer.Write(Step);
        writer.Write(Length);
        writer.Write(Written.Ticks);
        writer.Write(names.Length);
        foreach (string name in names) writer.Write(name);
        writer.Write(Lines.Count);
        for (int i = 0; i < Lines.Count; i++)
        {
            RolloutSummary rollout = Summaries[i];
            writer.Write(Lines[i].Offset);
            writer.Write(Lines[i].Length);
            writer.Write(rollout.Step);
            writer.Write(rollout.Index);
            writer.Write(rollout.Prompt);
            writer.Write(rollout.Response);
            writer.Write(rollout.Tokens);
            writer.Write((sbyte)(rollout.Correct is bool correct ? correct ? 1 : 0 : -1));
            writer.Write(rollout.Finish);
            writer.Write(rollout.PromptId);
            foreach (string name in names)
            {
                bool isThere = rollout.Columns.TryGetValue(name, out ColumnFigures figures);
                writer.Write(isThere);
                if (isThere) figures.Write(writer);
            }
        }
    });

    /// <summary>Of such bytes.</summary>
    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public static IndexedStep Read(byte[] bytes)
    {
        using BinaryReader reader = SealedBytes.Open(bytes);
        int step = reader.ReadInt32();
        long length = reader.ReadInt64();
        var written = new DateTime(reader.ReadInt64(), DateTimeKind.Utc);
        string[] names = new string[reader.ReadInt32()];
        for (int i = 0; i < names.Length; i++) names[i] = reader.ReadString();
        var lines = new (long, int)[reader.ReadInt32()];
        var summaries = new RolloutSummary[lines.Length];
        for (int i = 0; i < lines.Length; i++)
        {
            lines[i] = (reader.ReadInt64(), reader.ReadInt32());
            summaries[i] = new RolloutSummary
            {
                Line = i,
                Step = reader.ReadInt32(),
                Index = reader.ReadInt32(),
                Prompt = reader.ReadString(),
                Response = reader.ReadString(),
                Tokens = reader.ReadInt32(),
                Correct = reader.ReadSByte() switch { 1 => true, 0 => false, _ => null },
                Finish = reader.ReadString(),
                PromptId = reader.ReadString(),
                Columns = Columns(reader, names),
            };
        }
        return new IndexedStep(step, length, written, lines, summaries);
    }

    private static Dictionary<string, ColumnFigures> Columns(BinaryReader reader, string[] names)
    {
        var columns = new Dictionary<string, ColumnFigures>(names.Length, StringComparer.Ordinal);
        foreach (string name in names)
            if (reader.ReadBoolean()) columns[name] = ColumnFigures.Read(reader);
        return columns;
    }
}
