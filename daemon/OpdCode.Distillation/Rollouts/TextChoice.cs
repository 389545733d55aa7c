namespace OpdCode.Distillation.Rollouts;

/// <summary>Whose text a step of an adaptive schedule has.</summary>
internal enum TextChoice
{
    /// <summary>Text that the student did not write.</summary>
    Given,

    /// <summary>What the student writes now.</summary>
    Fresh,

    /// <summary>What the student wrote in earlier steps.</summary>
    Replayed,
}
