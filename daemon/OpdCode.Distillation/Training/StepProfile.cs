using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpdCode.Distillation.Training;

/// <summary>
/// Where the time of a step goes: named spans, written as a Chrome trace (open it in ui.perfetto.dev or chrome://tracing).
/// One at a time in a process; without one, a span costs a null check.
/// </summary>
public sealed class StepProfile : IDisposable
{
    private static StepProfile? s_current;

    private readonly List<(string Name, int Thread, long Start, long End)> _spans = [];
    private readonly Dictionary<int, string> _threads = [];
    private readonly long _start = Stopwatch.GetTimestamp();

    private StepProfile() { }

    /// <summary>Starts collecting spans of this process.</summary>
    public static StepProfile Begin()
    {
        var profile = new StepProfile();
        Volatile.Write(ref s_current, profile);
        return profile;
    }

    /// <summary>Measures until it is disposed.</summary>
    /// <param name="name">What is done, for example "backward".</param>
    public static Span Measure(string name) => new(Volatile.Read(ref s_current), name);

    /// <summary>The trace so far: events with begin and duration in microseconds.</summary>
    public JsonObject Trace()
    {
        lock (_spans)
        {
            return new JsonObject
            {
                ["displayTimeUnit"] = "ms",
                ["traceEvents"] = new JsonArray([.. _threads.Select(t => new JsonObject
                {
                    ["name"] = "thread_name", ["ph"] = "M", ["pid"] = 1, ["tid"] = t.Key, ["args"] = new JsonObject { ["name"] = t.Value },
                }), .. _spans.OrderBy(s => s.Start).Select(s => new JsonObject
                {
                    ["name"] = s.Name, ["ph"] = "X", ["pid"] = 1, ["tid"] = s.Thread,
                    ["ts"] = Stopwatch.GetElapsedTime(_start, s.Start).TotalMicroseconds, ["dur"] = Stopwatch.GetElapsedTime(s.Start, s.End).TotalMicroseconds,
                })]),
            };
        }
    }

    /// <summary>Ends the collection and writes the trace.</summary>
    public void Write(string path)
    {
        Dispose();
        File.WriteAllText(path, Trace().ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    /// <summary>Ends the collection.</summary>
    public void Dispose() => Interlocked.CompareExchange(ref s_current, null, this);

    /// <summary>One span; dispose it where it ends.</summary>
    public readonly struct Span : IDisposable
    {
        private readonly StepProfile? _profile;
        private readonly string _name;
        private readonly long _start;

        internal Span(StepProfile? profile, string name) => (_profile, _name, _start) = (profile, name, profile is null ? 0 : Stopwatch.GetTimestamp());

        /// <inheritdoc/>
        public void Dispose()
        {
            if (_profile is null) return;
            int thread = Environment.CurrentManagedThreadId;
            lock (_profile._spans)
            {
                _profile._spans.Add((_name, thread, _start, Stopwatch.GetTimestamp()));
                _profile._threads.TryAdd(thread, Thread.CurrentThread is { IsThreadPoolThread: false, Name: { } name } ? name : "loop");
            }
        }
    }
}
