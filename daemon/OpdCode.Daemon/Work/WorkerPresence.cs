using OpdCode.Protocol;

namespace OpdCode.Daemon.Work;

/// <summary>
/// The sign that this process computes a run: the lock that the system takes back whatever ends the process, the
/// heartbeat in worker.json, and the pipe that the run is steered by.
/// </summary>
internal sealed class WorkerPresence : IDisposable
{
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(2);

    private readonly string _file;
    private readonly FileStream _lock;
    private readonly RunControl _control;
    private readonly TimeProvider _time;
    private readonly ControlServer _server;
    private readonly ITimer _timer;
    private readonly Lock _writing = new();
    private WorkerRecord _record;
    private RunState? _written;
    private bool _leaving, _gone;

    private WorkerPresence(string folder, FileStream held, RunControl control, WorkerRecord record, TimeProvider time)
    {
        (_file, _lock, _control, _record, _time) = (Path.Combine(folder, RunFiles.Worker), held, control, record, time);
        _server = ControlServer.For(record.Pipe, control);
        Beat();
        control.Changed = WriteChange;
        _timer = time.CreateTimer(_ => Beat(), null, s_beat, s_beat);
    }

    /// <summary>Takes a run folder for this process.</summary>
    /// <param name="folder">The folder; made if need be.</param>
    /// <param name="control">What the pipe asks.</param>
    /// <param name="device">The device that the recipe asks for.</param>
    /// <param name="foreground">True for a run that someone watches in a terminal.</param>
    /// <param name="time">Source of time stamps and of the heartbeat.</param>
    /// <exception cref="OpdException">OPD3006: another process computes it. OPD3003: the folder cannot be written.</exception>
    public static WorkerPresence Enter(string folder, RunControl control, string device, Attendance foreground, TimeProvider time)
    {
        folder = Path.GetFullPath(folder);
        FileStream held = Take(folder) ?? throw new OpdException(ErrorCodes.RunBusy,
            $"{folder} is computed by another process already{(SmallFile.Read<WorkerRecord>(Path.Combine(folder, RunFiles.Worker)) is { } other ? $" (process {other.Process} on {other.Machine})" : "")}. Wait for it, or stop it with `opdcode runs stop`.");
        DateTimeOffset now = time.GetUtcNow();
        WorkerRecord? announced = SmallFile.Read<WorkerRecord>(Path.Combine(folder, RunFiles.Worker));
        return new WorkerPresence(folder, held, control, new WorkerRecord
        {
            Process = ProcessIdentity.Current.Id,
            Birth = ProcessIdentity.Current.Birth,
            Machine = Environment.MachineName,
            Pipe = LocalPipe.NameFor(folder),
            Foreground = foreground == Attendance.Foreground,
            State = RunState.Starting,
            Device = device,
            Started = now,
            Time = now,
            Supervisor = announced?.Identity == ProcessIdentity.Current ? announced.Supervisor : null,
            Kills = KernelKills.Now(),
        }, time);
    }

    /// <summary>The lock of a run folder; null while a process holds it.</summary>
    /// <exception cref="OpdException">OPD3003: the folder cannot be written.</exception>
    public static FileStream? Take(string folder)
    {
        string path = Path.Combine(folder, RunFiles.Lock);
        try
        {
            Directory.CreateDirectory(folder);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{folder} cannot be written: {failure.Message} Check whose folder it is.", failure);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
        catch (IOException failure)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{folder} cannot be written: {failure.Message}", failure);
        }
    }

    // Steps alone are told by the heartbeat; a change of state is told at once.
    private void WriteChange()
    {
        if (_control.Now.State != _written) Beat();
    }

    private void Beat()
    {
        lock (_writing)
        {
            if (_gone) return; // a beat that was late: the file may be another worker's by now
            WorkerStatus now = _control.Now;
            // A run has ended when its process lets go of it: what is still written until then belongs to it.
            if (!RunLife.IsEnded(now.State) || _leaving) _record = _record with { State = now.State };
            _record = _record with { Step = now.Step, Time = _time.GetUtcNow() };
            try
            {
                SmallFile.WriteForNow(_file, _record);
                _written = now.State;
            }
            catch (OpdException)
            {
                // A full disk ends the run where the run itself writes, with a message. The heart must not stop it.
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _control.Changed = null;
        _timer.Dispose();
        _server.Dispose();
        lock (_writing) _leaving = true;
        Beat();
        lock (_writing) _gone = true;
        _lock.Dispose();
    }
}
