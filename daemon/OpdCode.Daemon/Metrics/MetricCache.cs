namespace OpdCode.Daemon.Metrics;

/// <summary>The curves of the runs that were looked at last, bounded by how many values they hold.</summary>
internal sealed class MetricCache(long mostPoints = MetricCache.MostPoints)
{
    /// <summary>20 million values take 240 MB.</summary>
    public const long MostPoints = 20_000_000;

    private readonly Lock _gate = new();
    private readonly LinkedList<(string Folder, MetricFile File)> _recent = []; // newest first

    /// <summary>The curves of a run folder, read as far as they are written.</summary>
    public T With<T>(string folder, Func<IReadOnlyDictionary<string, MetricColumn>, T> use)
    {
        MetricFile file = Touch(folder);
        T result = file.With(use);
        Trim();
        return result;
    }

    private MetricFile Touch(string folder)
    {
        lock (_gate)
        {
            LinkedListNode<(string Folder, MetricFile File)>? node = _recent.First;
            while (node is not null && node.Value.Folder != folder) node = node.Next;
            if (node is null) node = new LinkedListNode<(string Folder, MetricFile File)>((folder, new MetricFile(Path.Combine(folder, "metrics.jsonl"))));
            else _recent.Remove(node);
            _recent.AddFirst(node);
            return node.Value.File;
        }
    }

    private void Trim()
    {
        lock (_gate)
            while (_recent.Count > 1 && _recent.Sum(r => r.File.Points) > mostPoints) _recent.RemoveLast();
    }
}
