namespace OpdCode.Distillation.Runs;

/// <summary>
/// Something that a method carries from step to step beyond the student's weights: an averaged teacher, running means,
/// a rejected candidate. A checkpoint holds it, so that a resumed run goes on exactly where it was.
/// </summary>
public interface IMethodState
{
    /// <summary>Unique in a run and stable over versions, for example <c>signal.ema</c>; letters, digits, points and hyphens.</summary>
    string Name { get; }

    /// <summary>
    /// What it holds now. The tensors belong to the caller, who disposes of the snapshot. They may share memory with what the
    /// optimizer's step, or anything after it in a step, changes; whatever changes earlier in a step is copied, because a
    /// checkpoint is written while the next step samples and computes its gradient.
    /// </summary>
    MethodSnapshot Capture();

    /// <summary>Takes over what <see cref="Capture"/> gave, bit for bit. The tensors stay the caller's.</summary>
    /// <exception cref="OpdCode.Protocol.OpdException">OPD3004: the snapshot is of another method or shape.</exception>
    void Restore(MethodSnapshot snapshot);
}
