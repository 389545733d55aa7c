using System.Collections.Concurrent;
using System.Diagnostics;
using OpdCode.Daemon.Supervision;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;
using StreamJsonRpc;

namespace OpdCode.Daemon.Scoring;

/// <summary>
/// The daemon's side of the scorer process: started when something is asked, ended when nothing was asked for a while, when
/// somebody lets go of the models, and before a run starts. It ends with the daemon: its stdin closes then.
/// </summary>
/// <param name="launcher">Starts it.</param>
/// <param name="time">Measures idleness.</param>
/// <param name="idle">How long models stay loaded without use.</param>
internal sealed class Scorer(WorkerLauncher launcher, TimeProvider time, TimeSpan idle) : IDisposable
{
    private static readonly TimeSpan s_startPatience = TimeSpan.FromSeconds(60);
    private const int LinesKept = 20;

    private readonly SemaphoreSlim _gate = new(1);
    private Instance? _instance;

    /// <summary>Process id of the scorer; null while there is none.</summary>
    public int? ProcessId => _instance?.Process.Id;

    /// <summary>What a teacher says to every token of a text; a line of rollouts/*.jsonl.</summary>
    /// <exception cref="OpdException">What is wrong with models or text, or OPD3007: the scorer died.</exception>
    public Task<string> Score(ScoreParams parameters, Action<string, double?> report, CancellationToken cancel) =>
        Ask(report, (rpc, progress) => rpc.InvokeWithCancellationAsync<string>("score", [parameters, progress], cancel), cancel);

    /// <summary>Text that a model writes after a prompt.</summary>
    /// <exception cref="OpdException">What is wrong with the model or text, or OPD3007: the scorer died.</exception>
    public Task<Generated> Generate(GenerateParams parameters, Action<string, double?> report, CancellationToken cancel) =>
        Ask(report, (rpc, progress) => rpc.InvokeWithCancellationAsync<Generated>("generate", [parameters, progress], cancel), cancel);

    /// <summary>Accuracy of a checkpoint on the held-out prompts of its run's recipe.</summary>
    /// <exception cref="OpdException">What is wrong with checkpoint or data, or OPD3007: the scorer died.</exception>
    public Task<CheckpointScore> Evaluate(string runFolder, int step, Action<string, double?> report, CancellationToken cancel) =>
        Ask(report, (rpc, progress) => rpc.InvokeWithCancellationAsync<CheckpointScore>("evaluate", [runFolder, step, progress], cancel), cancel);

    /// <summary>Ends the process; one that computes ends when it is done.</summary>
    public async Task Release()
    {
        await _gate.WaitAsync();
        try
        {
            if (_instance is not { } instance) return;
            instance.Leaving = true;
            _instance = null; // the next question starts another
            if (instance.Busy == 0) instance.End();
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<T> Ask<T>(Action<string, double?> report, Func<JsonRpc, IProgress<ScorerProgress>, Task<T>> ask, CancellationToken cancel)
    {
        Instance instance = await Enter(cancel);
        try
        {
            return await ask(instance.Rpc, new Forward(report));
        }
        catch (RemoteInvocationException failure)
        {
            throw PipeErrors.FromWire(failure) ?? new OpdException(ErrorCodes.Unexpected, $"The scorer failed in a way it should not: {failure.Message.Split('\n')[0]}", failure);
        }
        catch (Exception failure) when (failure is ConnectionLostException or ObjectDisposedException)
        {
            await Forget(instance); // whether its process is gone already or not: nothing can be asked of it any more
            throw new OpdException(ErrorCodes.WorkerLost, $"The scorer process ended while it computed{instance.HowItEnded()}. {instance.LastLine()}If memory is short, use smaller models or a shorter text; asking again starts a new one.", failure);
        }
        finally
        {
            await Leave(instance);
        }
    }

    private async Task Forget(Instance instance)
    {
        await _gate.WaitAsync();
        try
        {
            instance.Leaving = true;
            if (_instance == instance) _instance = null;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<Instance> Enter(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (_instance is { Process.HasExited: true } ended)
            {
                ended.End();
                _instance = null;
            }
            _instance ??= await StartOne(cancel);
            _instance.Busy++;
            _instance.Sleep.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return _instance;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task Leave(Instance instance)
    {
        await _gate.WaitAsync();
        try
        {
            if (--instance.Busy > 0) return;
            if (instance.Leaving) instance.End();
            else instance.Sleep.Change(idle, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<Instance> StartOne(CancellationToken cancel)
    {
        string pipe = LocalPipe.NameFor(Path.Combine(Path.GetTempPath(), $"{Environment.ProcessId}-{Guid.NewGuid():N}"));
        Process process = launcher.Start("scorer", pipe);
        var lines = new ConcurrentQueue<string>();
        void Keep(object _, DataReceivedEventArgs line)
        {
            if (line.Data is { Length: > 0 } text) lines.Enqueue(text);
            while (lines.Count > LinesKept) lines.TryDequeue(out string? _);
        }
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        bool opened = false;
        try
        {
            JsonRpc rpc = LocalPipe.Speak(await OpenUnlessItEnds(process, pipe, cancel));
            rpc.StartListening();
            opened = true;
            return new Instance(process, rpc, time.CreateTimer(_ => _ = Release(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan), lines);
        }
        catch (Exception failure) when (failure is TimeoutException or IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.WorkerLost, $"The scorer process {process.Id} did not open its pipe{(process.HasExited ? $" and ended with exit code {process.ExitCode}" : $" within {s_startPatience.TotalSeconds:F0} s")}: {lines.LastOrDefault() ?? failure.Message}", failure);
        }
        finally
        {
            if (!opened) process.StandardInput.Close(); // it ends with that, also where nobody waits for it any more
        }
    }

    // One that cannot start is not waited for.
    private static async Task<Stream> OpenUnlessItEnds(Process process, string pipe, CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<Stream> opening = LocalPipe.Open(pipe, s_startPatience, ended.Token);
        Task exit = process.WaitForExitAsync(ended.Token);
        if (await Task.WhenAny(opening, exit) == exit && process.HasExited)
        {
            await ended.CancelAsync();
            await opening.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw new IOException("the process ended");
        }
        return await opening;
    }

    /// <summary>Ends the process, whether it computes or not: nobody waits for the answer.</summary>
    public async Task Close()
    {
        Instance? instance = _instance;
        await Release();
        instance?.End();
    }

    /// <inheritdoc />
    public void Dispose() => _gate.Dispose();

    // Straight through: the framework's Progress would wait for a synchronisation context.
    private sealed class Forward(Action<string, double?> report) : IProgress<ScorerProgress>
    {
        public void Report(ScorerProgress value) => report(value.Message, value.Fraction);
    }

    private sealed class Instance(Process process, JsonRpc rpc, ITimer sleep, ConcurrentQueue<string> lines)
    {
        private int _ended;

        public Process Process => process;

        public JsonRpc Rpc => rpc;

        public ITimer Sleep => sleep;

        public int Busy { get; set; }

        public bool Leaving { get; set; }

        public void End()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 1) return;
            sleep.Dispose();
            rpc.Dispose();
            process.StandardInput.Close();
        }

        public string HowItEnded() => process.WaitForExit(TimeSpan.FromSeconds(2)) ? $" (exit code {process.ExitCode})" : "";

        public string LastLine() => lines.LastOrDefault() is { } line ? $"Its last words: {line}. " : "";
    }
}
