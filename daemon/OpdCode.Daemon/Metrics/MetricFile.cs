using System.Text.Json;
using OpdCode.Daemon.Serving;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Metrics;

/// <summary>
/// The curves of one <c>metrics.jsonl</c>, kept in memory and read on from where the last reading ended. Lines are
/// complete when their end is there: the writer may be in the middle of the last one.
/// </summary>
internal sealed class MetricFile(string path)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, MetricColumn> _columns = [];
    private readonly Dictionary<int, string> _names = []; // by hash of the UTF-8, to make no strings
    private readonly FileTail _read = new();
    private int _lines;

    /// <summary>Values that are held, for deciding what to forget.</summary>
    public long Points { get; private set; }

    /// <summary>Reads what is new and gives the curves to somebody, who must not keep them.</summary>
    /// <exception cref="OpdException">OPD3003: a line is damaged.</exception>
    public T With<T>(Func<IReadOnlyDictionary<string, MetricColumn>, T> use)
    {
        lock (_gate)
        {
            ReadOn();
            return use(_columns);
        }
    }

    private void ReadOn()
    {
        if (!File.Exists(path))
        {
            Forget();
            return;
        }
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        // Another file under the same name, or one that a resumed run cut back and went on writing: read anew.
        if (!_read.IsIn(stream)) Forget();
        if (stream.Length == _read.Length) return;
        stream.Position = _read.Length;
        byte[] buffer = new byte[1 << 20];
        int held = 0;
        while (true)
        {
            if (held == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            int read = stream.Read(buffer, held, buffer.Length - held);
            if (read == 0) return;
            int end = held + read, start = 0;
            while (buffer.AsSpan(start, end - start).IndexOf((byte)'\n') is var length && length >= 0)
            {
                Line(buffer.AsSpan(start, length));
                start += length + 1;
            }
            _read.Add(buffer.AsSpan(0, start));
            held = end - start;
            buffer.AsSpan(start, held).CopyTo(buffer);
        }
    }

    private void Line(ReadOnlySpan<byte> line)
    {
        _lines++;
        if (line.Trim(" \t\r"u8).IsEmpty) return;
        try
        {
            int? step = Step(line);
            if (step is not int at) throw new JsonException("\"step\" is missing or no whole number");
            var reader = new Utf8JsonReader(line);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isStep = reader.ValueTextEquals("step"u8);
                string name = isStep ? "step" : Name(ref reader);
                reader.Read();
                if (!isStep && Number(ref reader) is double value) Put(name, at, value);
                reader.Skip();
            }
        }
        catch (JsonException failure)
        {
            throw new OpdException(ErrorCodes.RunFolder,
                $"{path}, line {_lines}: {failure.Message.Split(" LineNumber", 2)[0].TrimEnd('.')}. The file was damaged after the run wrote it; restore it, or remove what is damaged.", failure);
        }
    }

    private static int? Step(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("an object was expected");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isStep = reader.ValueTextEquals("step"u8);
            reader.Read();
            if (isStep) return reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int step) ? step : null;
            reader.Skip();
        }
        return null;
    }

    private string Name(ref Utf8JsonReader reader)
    {
        var hash = new HashCode();
        hash.AddBytes(reader.ValueSpan);
        int key = hash.ToHashCode();
        if (_names.TryGetValue(key, out string? known) && reader.ValueTextEquals(known)) return known;
        return _names[key] = reader.GetString()!;
    }

    private static double? Number(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number => reader.GetDouble(),
        JsonTokenType.String when reader.ValueTextEquals("NaN"u8) => double.NaN,
        JsonTokenType.String when reader.ValueTextEquals("Infinity"u8) => double.PositiveInfinity,
        JsonTokenType.String when reader.ValueTextEquals("-Infinity"u8) => double.NegativeInfinity,
        _ => null,
    };

    private void Put(string name, int step, double value)
    {
        if (!_columns.TryGetValue(name, out MetricColumn? column)) _columns[name] = column = new MetricColumn();
        int before = column.Count;
        column.Set(step, value);
        Points += column.Count - before;
    }

    private void Forget()
    {
        _columns.Clear();
        _read.Clear();
        (_lines, Points) = (0, 0);
    }
}
