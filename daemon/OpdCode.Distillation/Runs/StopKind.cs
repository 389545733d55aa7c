namespace OpdCode.Distillation.Runs;

/// <summary>Why a run ends before its last step with everything saved.</summary>
public enum StopKind
{
    /// <summary>Somebody stopped it: event <c>stopped</c>.</summary>
    Stop,

    /// <summary>It makes room and is to go on later: event <c>paused</c>.</summary>
    Pause,
}
