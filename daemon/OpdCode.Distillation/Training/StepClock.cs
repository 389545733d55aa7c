using System.Diagnostics;

namespace OpdCode.Distillation.Training;

/// <summary>How long the two halves of a step took.</summary>
public sealed class StepClock
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _sampled;
    private long _trained;

    /// <summary>The rollouts are written.</summary>
    public void Sampled() => _sampled = Stopwatch.GetTimestamp();

    /// <summary>The weights are updated.</summary>
    public void Trained() => _trained = Stopwatch.GetTimestamp();

    /// <summary>Seconds of sampling.</summary>
    public double SampleSeconds => Stopwatch.GetElapsedTime(_start, _sampled).TotalSeconds;

    /// <summary>Seconds of scoring, loss, backward and step.</summary>
    public double TrainSeconds => Stopwatch.GetElapsedTime(_sampled, _trained).TotalSeconds;

    /// <summary>Seconds of both.</summary>
    public double Seconds => SampleSeconds + TrainSeconds;
}
