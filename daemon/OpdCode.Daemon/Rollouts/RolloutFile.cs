using System.Text.Json;
using OpdCode.Daemon.Serving;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>
/// One file of rollouts with the place of each line, so that opening one reads one. Reading goes on where it ended when
/// the file has grown; a last line without its end is not there yet.
/// </summary>
internal sealed class RolloutFile(string path)
{
    private readonly Lock _gate = new();
    private readonly List<(long Offset, int Length)> _lines = [];
    private readonly List<RolloutSummary> _summaries = []; // of the first lines; made when a list is asked for
    private readonly FileTail _read = new();

    /// <summary>Whether lists were made of it before, which then read only what is new.</summary>
    public bool HasSummaries
    {
        get
        {
            lock (_gate) return _summaries.Count > 0;
        }
    }

    /// <summary>
    /// Takes over what the index knows of the file, if that is still what the file is and nothing of it was read here. A
    /// file that is written again within one tick of the file system's clock, to the same length, is not told from what it was.
    /// </summary>
    /// <returns>Whether it was taken over, or something was known before.</returns>
    public bool TakeOver(IndexedStep known)
    {
        lock (_gate)
        {
            if (_summaries.Count > 0) return true;
            var file = new FileInfo(path);
            if (!file.Exists || file.Length != known.Length || file.LastWriteTimeUtc != known.Written) return false;
            using FileStream stream = Open();
            if (!_read.TakeUp(stream, known.Length)) return false;
            _lines.Clear();
            _lines.AddRange(known.Lines);
            _summaries.AddRange(known.Summaries);
            return true;
        }
    }

    /// <summary>What the index is to keep of the file; null when there is no file, or a line of it is still being written.</summary>
    /// <exception cref="OpdException">OPD3003: a line is damaged.</exception>
    public IndexedStep? ToIndex(int step, CancellationToken cancel)
    {
        lock (_gate)
        {
            var before = new FileInfo(path);
            if (!before.Exists) return null;
            IReadOnlyList<RolloutSummary> summaries = Summaries(cancel);
            var after = new FileInfo(path);
            bool isStill = after.Exists && after.Length == before.Length && after.LastWriteTimeUtc == before.LastWriteTimeUtc && _read.Length == after.Length;
            return isStill ? new IndexedStep(step, after.Length, after.LastWriteTimeUtc, [.. _lines], summaries) : null;
        }
    }

    /// <summary>Every rollout of the file in short, in the order of their lines.</summary>
    /// <exception cref="OpdException">OPD3003: a line is damaged.</exception>
    public IReadOnlyList<RolloutSummary> Summaries(CancellationToken cancel)
    {
        lock (_gate)
        {
            FindLines();
            if (_summaries.Count < _lines.Count)
            {
                using FileStream stream = Open();
                for (int i = _summaries.Count; i < _lines.Count; i++)
                {
                    cancel.ThrowIfCancellationRequested();
                    _summaries.Add(RolloutSummary.Of(Parse(stream, i, isWithTexts: false), i));
                }
            }
            return [.. _summaries];
        }
    }

    /// <summary>The rollout at a position of the step; null when there is none.</summary>
    /// <exception cref="OpdException">OPD3003: its line is damaged.</exception>
    public RolloutLine? Read(int index, CancellationToken cancel)
    {
        lock (_gate)
        {
            FindLines();
            if (_lines.Count == 0) return null;
            using FileStream stream = Open();
            // Nearly always the line of that number, unless a step is written a second time.
            if (index >= 0 && index < _lines.Count && Parse(stream, index, isWithTexts: true) is { } likely && likely.Index == index) return likely;
        }
        // A resumed run may have written a step again; then the later line counts.
        RolloutSummary? found = Summaries(cancel).LastOrDefault(s => s.Index == index);
        return found is null ? null : ReadLine(found.Line);
    }

    /// <summary>The rollout of a line.</summary>
    /// <param name="line">See <see cref="RolloutSummary.Line"/>.</param>
    public RolloutLine ReadLine(int line)
    {
        lock (_gate)
        {
            using FileStream stream = Open();
            return Parse(stream, line, isWithTexts: true);
        }
    }

    /// <summary>A rollout's line as it stands in the file; null when there is none of that position.</summary>
    public byte[]? Bytes(int index, CancellationToken cancel)
    {
        RolloutSummary? found = Summaries(cancel).LastOrDefault(s => s.Index == index);
        if (found is null) return null;
        lock (_gate)
        {
            using FileStream stream = Open();
            return LineBytes(stream, found.Line);
        }
    }

    private FileStream Open() => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private byte[] LineBytes(FileStream stream, int line)
    {
        // Between finding a line and reading it the run may have gone back to a checkpoint.
        if (line >= _lines.Count) throw new JsonException("it is not there any more");
        byte[] bytes = new byte[_lines[line].Length];
        stream.Position = _lines[line].Offset;
        stream.ReadExactly(bytes);
        return bytes;
    }

    private RolloutLine Parse(FileStream stream, int line, bool isWithTexts)
    {
        try
        {
            return RolloutLineReader.Read(LineBytes(stream, line), isWithTexts);
        }
        catch (Exception failure) when (failure is JsonException or EndOfStreamException or InvalidOperationException or FormatException)
        {
            throw new OpdException(ErrorCodes.RunFolder,
                $"{path}, line {line + 1}: {failure.Message.Split(" LineNumber", 2)[0].TrimEnd('.')}. The file was damaged after the run wrote it; restore it, or remove what is damaged.", failure);
        }
    }

    private void FindLines()
    {
        if (!File.Exists(path))
        {
            Forget();
            return;
        }
        using FileStream stream = Open();
        if (!_read.IsIn(stream)) Forget();
        if (stream.Length == _read.Length) return;
        byte[] buffer = new byte[1 << 20];
        long at = _read.Length, start = at;
        stream.Position = at;
        int held = 0; // bytes of the line that has not ended yet, none of which is told to _read
        for (int read = stream.Read(buffer, held, buffer.Length - held); read > 0; read = stream.Read(buffer, held, buffer.Length - held))
        {
            int end = held + read, from = 0;
            while (buffer.AsSpan(from, end - from).IndexOf((byte)'\n') is var found && found >= 0)
            {
                if (found > 1) _lines.Add((start, found));
                from += found + 1;
                start += found + 1;
            }
            _read.Add(buffer.AsSpan(0, from));
            held = end - from;
            buffer.AsSpan(from, held).CopyTo(buffer);
            if (held == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    private void Forget()
    {
        _lines.Clear();
        _summaries.Clear();
        _read.Clear();
    }
}
