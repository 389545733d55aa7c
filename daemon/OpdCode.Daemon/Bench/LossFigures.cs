namespace OpdCode.Daemon.Bench;

/// <summary>Time and memory of one part of the loss benchmark.</summary>
/// <param name="Seconds">Forward and backward, fastest run.</param>
/// <param name="ProcessorSeconds">Processor time of all threads in the same sense: steadier than the clock on a machine that does other work too.</param>
/// <param name="ExtraBytes">Peak resident memory above what the inputs take.</param>
internal sealed record LossFigures(double Seconds, double ProcessorSeconds, long ExtraBytes);
