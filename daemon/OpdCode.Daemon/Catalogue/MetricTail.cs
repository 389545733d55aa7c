using System.Text.Json;

namespace OpdCode.Daemon.Catalogue;

/// <summary>The newest value of every metric of a run, kept up to date by reading what was appended.</summary>
internal sealed class MetricTail(string folder)
{
    // A long run's file is not read from its start to know its end.
    private const long Whole = 4 << 20, Piece = 1 << 20, FarthestBack = 64 << 20;

    private readonly LineTail _lines = new(Path.Combine(folder, "metrics.jsonl"));
    private readonly Dictionary<string, double> _latest = [];
    private readonly Dictionary<int, double> _accuracies = [];
    private double _secondsPerStep;

    /// <summary>The newest value by name.</summary>
    public IReadOnlyDictionary<string, double> Latest => _latest;

    /// <summary>The last step that wrote numbers; 0 before the first.</summary>
    public int Step { get; private set; }

    /// <summary>Accuracy before the first step; null when not evaluated.</summary>
    public double? AccuracyBefore { get; private set; }

    /// <summary>Seconds that a step takes, newer steps counting more; null before the first.</summary>
    public double? SecondsPerStep => _secondsPerStep > 0 ? _secondsPerStep : null;

    /// <summary>Held-out accuracy by step, of the steps that were read.</summary>
    public IReadOnlyDictionary<int, double> Accuracies => _accuracies;

    /// <summary>Reads what is new.</summary>
    public void Refresh()
    {
        if (_lines.WasCut) Restart();
        if (_lines.Offset == 0 && _lines.Length() > Whole) ReadEnds();
        else _lines.Read(Take);
    }

    /// <summary>Forgets everything: the run went back to a checkpoint.</summary>
    public void Restart()
    {
        _lines.GoTo(0);
        _latest.Clear();
        _accuracies.Clear();
        (Step, AccuracyBefore, _secondsPerStep) = (0, null, 0);
    }

    private void ReadEnds()
    {
        long length = _lines.Length();
        TakeFirst();
        bool evaluates = AccuracyBefore is not null;
        for (long back = Piece; ; back *= 2)
        {
            long start = Math.Max(0, length - back);
            _latest.Clear();
            _lines.GoTo(start);
            bool torn = start > 0; // the place is in the middle of a line
            _lines.Read(line =>
            {
                if (!torn) Take(line);
                torn = false;
            });
            if (start == 0 || !evaluates || _latest.ContainsKey("accuracy") || back >= FarthestBack) return;
        }
    }

    private void TakeFirst()
    {
        using var stream = new FileStream(Path.Combine(folder, "metrics.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] block = new byte[64 * 1024];
        int read = stream.ReadAtLeast(block, block.Length, throwOnEndOfStream: false), end = block.AsSpan(0, read).IndexOf((byte)'\n');
        if (end > 0) Take(block.AsSpan(0, end));
    }

    private void Take(ReadOnlySpan<byte> line)
    {
        int? step = null;
        double? accuracy = null, seconds = null;
        try
        {
            var reader = new Utf8JsonReader(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                if (reader.TokenType != JsonTokenType.Number) reader.Skip();
                else if (name == "step") step = reader.TryGetInt32(out int number) ? number : null;
                else
                {
                    double value = reader.GetDouble();
                    _latest[name] = value;
                    if (name == "accuracy") accuracy = value;
                    if (name == "seconds") seconds = value;
                }
            }
        }
        catch (JsonException)
        {
            return; // damage: who opens the run is told, a list is not stopped by it
        }
        if (step is not int at) return;
        Step = at;
        if (accuracy is double score)
        {
            _accuracies[at] = score;
            if (at == 0) AccuracyBefore = score;
        }
        if (seconds is double s && s > 0) _secondsPerStep = _secondsPerStep == 0 ? s : (0.9 * _secondsPerStep) + (0.1 * s);
    }
}
