namespace OpdCode.Distillation.Runs.Checkpoints;

/// <summary>What a checkpoint of a step will hold beside the student, taken at the end of the step and written while the next one samples.</summary>
/// <param name="Progress">The run's counters.</param>
/// <param name="States">By name. Tensors of the optimizer and what follows it are not copies: they must not change before the checkpoint is written.</param>
internal sealed record PendingCheckpoint(RunProgress Progress, IReadOnlyList<(string Name, MethodSnapshot Snapshot)> States) : IDisposable
{
    /// <inheritdoc />
    public void Dispose()
    {
        foreach ((string _, MethodSnapshot snapshot) in States) snapshot.Dispose();
    }
}
