namespace OpdCode.Distillation.Rollouts;

/// <summary>Keeps the uses of a recipe's seed apart: each draws from its own range of streams.</summary>
internal static class RandomStream
{
    /// <summary>Sampling of rollouts; see <see cref="Rollout"/>.</summary>
    public const long Sampling = 2L << 60;

    /// <summary>What a judge or a harness writes; see <see cref="ForContext"/>.</summary>
    public const long Contexts = 3L << 60;

    /// <summary>Which other example a context names; plus the number of the context. Inside the range of <see cref="Contexts"/>, beyond any step.</summary>
    public const long OtherExamples = Contexts + (1L << 59);

    /// <summary>Which prompts of the training data score candidates.</summary>
    public const long ValidationPrompts = OtherExamples + (1L << 58);

    /// <summary>The order of a text's parts in a pass; above all prompts that score candidates.</summary>
    public static long ForCorpus(long pass) => ValidationPrompts + (1L << 57) + pass;

    /// <summary>The stream of one text written for a context: a function of step, stage and place in the step.</summary>
    public static long ForContext(int step, int stage, int place) => Contexts + ((long)step << 24) + ((long)stage << 18) + place;

    /// <summary>Which responses a balance leaves out; see <see cref="ForBalance"/>.</summary>
    public const long Balance = Contexts + (1L << 58);

    /// <summary>The draw of one group of a step.</summary>
    public static long ForBalance(int step, long group) => Balance + ((long)step << 24) + group;

    /// <summary>Which tokens of a response are learned from; see <see cref="ForTokenDraw"/>.</summary>
    public const long TokenDraws = Contexts + (1L << 57);

    /// <summary>The draw of one response of a step.</summary>
    public static long ForTokenDraw(int step, long sequence) => TokenDraws + ((long)step << 24) + sequence;

    /// <summary>The stream of one rollout: a function of step and place in the step, so that resuming needs no state.</summary>
    public static long ForRollout(int step, int place) => Sampling + ((long)step << 24) + place;
}
