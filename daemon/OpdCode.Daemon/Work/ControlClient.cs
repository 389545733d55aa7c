using OpdCode.Protocol;
using StreamJsonRpc;

namespace OpdCode.Daemon.Work;

/// <summary>Asks a worker on its pipe.</summary>
internal static class ControlClient
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Sends one verb and returns the state that it led to.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="input">One of the four that can be asked.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="OpdException">OPD3006: refused in the state that the run is in. OPD3007: the worker does not answer.</exception>
    public static async Task<WorkerStatus> Ask(WorkerRecord worker, RunInput input, CancellationToken cancel)
    {
        string verb = input switch
        {
            RunInput.AskPause => "pause",
            RunInput.AskResume => "resume",
            RunInput.AskStop => "stopAndSave",
            RunInput.AskAbort => "abort",
            _ => throw new ArgumentOutOfRangeException(nameof(input), input, "only what people ask"),
        };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(s_patience);
        try
        {
            await using Stream stream = await LocalPipe.Open(worker.Pipe, s_patience, patience.Token);
            using JsonRpc rpc = LocalPipe.Speak(stream);
            rpc.StartListening();
            return await rpc.InvokeWithCancellationAsync<WorkerStatus>(verb, cancellationToken: patience.Token);
        }
        catch (RemoteInvocationException failure)
        {
            throw PipeErrors.FromWire(failure) ?? Silent(worker, verb, failure);
        }
        catch (Exception failure) when (failure is TimeoutException or IOException or UnauthorizedAccessException or ConnectionLostException or ObjectDisposedException)
        {
            throw Silent(worker, verb, failure);
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw Silent(worker, verb, late);
        }
    }

    private static OpdException Silent(WorkerRecord worker, string verb, Exception failure) => new(ErrorCodes.WorkerLost,
        $"The worker (process {worker.Process} on {worker.Machine}) does not answer to {verb}: {failure.Message} If it hangs, abort the run; it can be resumed from its last checkpoint.", failure);
}
