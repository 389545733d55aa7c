using System.Runtime.InteropServices;

namespace OpdCode.Daemon.Commands;

/// <summary>
/// Ctrl+C, Windows' Ctrl+Break and SIGTERM, counted. The first asks a command to end well (a run saves itself), the second to end now, the
/// third ends the process as if nobody listened.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _first, _second = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    /// <param name="cancel">Another source of the first interrupt.</param>
    public Interrupts(CancellationToken cancel)
    {
        _first = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // Ctrl+Break is SIGQUIT here; elsewhere that is Ctrl+\, which asks for an end at once.
        PosixSignal[] signals = OperatingSystem.IsWindows() ? [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT] : [PosixSignal.SIGINT, PosixSignal.SIGTERM];
        _registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, Take))];
    }

    /// <summary>Somebody asked once.</summary>
    public CancellationToken First => _first.Token;

    /// <summary>Somebody asked twice.</summary>
    public CancellationToken Second => _second.Token;

    private void Take(PosixSignalContext signal)
    {
        int count = Interlocked.Increment(ref _count);
        signal.Cancel = count <= 2;
        if (count == 1) _first.Cancel();
        else if (count == 2) _second.Cancel();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _first.Dispose();
        _second.Dispose();
    }
}
