namespace OpdCode.Daemon.Commands;

/// <summary>Time and memory of one part of the loss benchmark.</summary>
/// <param name="Seconds">Forward and backward, fastest run.</param>
/// <param name="ExtraBytes">Peak resident memory above what the inputs take.</param>
internal sealed record LossFigures(double Seconds, long ExtraBytes);
