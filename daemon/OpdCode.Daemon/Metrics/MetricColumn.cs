namespace OpdCode.Daemon.Metrics;

/// <summary>One metric of one run: steps ascending, one value each. Grows at its end while the run goes on.</summary>
internal sealed class MetricColumn
{
    private int[] _steps = new int[256];
    private double[] _values = new double[256];

    /// <summary>How many points there are.</summary>
    public int Count { get; private set; }

    /// <summary>The steps. [N]</summary>
    public ReadOnlySpan<int> Steps => _steps.AsSpan(0, Count);

    /// <summary>The values; not finite ones stay what they are. [N]</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    /// <summary>Sets the value of a step. A run that was resumed writes steps again: the later value wins.</summary>
    public void Set(int step, double value)
    {
        if (Count > 0 && step <= _steps[Count - 1])
        {
            int at = Array.BinarySearch(_steps, 0, Count, step);
            if (at >= 0)
            {
                _values[at] = value;
                return;
            }
            Insert(~at, step, value);
            return;
        }
        Insert(Count, step, value);
    }

    /// <summary>Points with steps in a range.</summary>
    /// <param name="from">First step.</param>
    /// <param name="to">Last step.</param>
    /// <returns>Position of the first, and the one behind the last.</returns>
    public (int Start, int End) Between(int from, int to)
    {
        int start = Array.BinarySearch(_steps, 0, Count, from), end = Array.BinarySearch(_steps, 0, Count, to);
        start = start < 0 ? ~start : start;
        end = end < 0 ? ~end : end + 1;
        return (start, Math.Max(start, end));
    }

    private void Insert(int at, int step, double value)
    {
        if (Count == _steps.Length)
        {
            Array.Resize(ref _steps, Count * 2);
            Array.Resize(ref _values, Count * 2);
        }
        if (at < Count)
        {
            Array.Copy(_steps, at, _steps, at + 1, Count - at);
            Array.Copy(_values, at, _values, at + 1, Count - at);
        }
        (_steps[at], _values[at]) = (step, value);
        Count++;
    }
}
