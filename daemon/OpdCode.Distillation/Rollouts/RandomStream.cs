namespace OpdCode.Distillation.Rollouts;

/// <summary>Keeps the uses of a recipe's seed apart: each draws from its own range of streams.</summary>
internal static class RandomStream
{
    /// <summary>Sampling of rollouts; see <see cref="Rollout"/>.</summary>
    public const long Sampling = 2L << 60;

    /// <summary>The stream of one rollout: a function of step and place in the step, so that resuming needs no state.</summary>
    public static long ForRollout(int step, int place) => Sampling + ((long)step << 24) + place;
}
