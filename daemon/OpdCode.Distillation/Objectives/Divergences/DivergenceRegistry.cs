using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>Every divergence a recipe can name. Adding one: a class, a line here, a test.</summary>
internal static class DivergenceRegistry
{
    /// <summary>Name in a recipe → divergence made from the recipe's options.</summary>
    public static IReadOnlyDictionary<string, Func<DivergenceObjectiveRecipe, IDivergence>> Entries { get; } =
        new Dictionary<string, Func<DivergenceObjectiveRecipe, IDivergence>>(StringComparer.Ordinal)
        {
            ["reverse-kl"] = _ => new ReverseKl(),
            ["forward-kl"] = _ => new ForwardKl(),
            ["jsd"] = r => new JensenShannon(Inside(r.Beta, 0, 1, "beta", "The ends are other divergences: use forward-kl or reverse-kl.")),
            ["skew-forward-kl"] = r => new SkewForwardKl(Within(r.Alpha ?? DivergenceObjectiveRecipe.UsualSkew, 0, 1, "alpha")),
            ["skew-reverse-kl"] = r => new SkewReverseKl(Within(r.Alpha ?? DivergenceObjectiveRecipe.UsualSkew, 0, 1, "alpha"), r.DetachMixture),
            ["alpha"] = r => new AlphaDivergence(Order(r.Alpha ?? 0.5)),
            ["total-variation"] = _ => new TotalVariation(),
            ["hellinger"] = _ => new SquaredHellinger(),
            ["chi-squared"] = _ => new ChiSquared(),
            ["adaptive-kl"] = r => new AdaptiveKl(Inside(r.Mass, 0, 1, "mass", "0.5 is usual.")),
            ["f-divergence"] = r => new FDivergence(FGenerator.Of(r.Generator)),
            ["entropy-aware"] = r => new EntropyAware(r.EntropyThreshold, Within(r.Coefficient, 0, double.MaxValue, "coefficient"), (int)Within(r.TopK, 2, int.MaxValue, "topK")),
        };

    /// <summary>The objective of a divergence recipe.</summary>
    /// <exception cref="OpdException">OPD1301 for an unknown name or a value out of range, OPD1303 for a support that makes no loss.</exception>
    public static IObjective CreateObjective(DivergenceObjectiveRecipe recipe)
    {
        if (!Entries.TryGetValue(recipe.Divergence, out Func<DivergenceObjectiveRecipe, IDivergence>? create))
        {
            throw new OpdException(ErrorCodes.ObjectiveInvalid,
                $"The divergence \"{recipe.Divergence}\" is not known. Known: {string.Join(", ", Entries.Keys)}.");
        }
        IDivergence divergence = create(recipe);
        double studentTemperature = Positive(recipe.StudentTemperature, "studentTemperature");
        double teacherTemperature = Positive(recipe.TeacherTemperature, "teacherTemperature");
        double scale = recipe.TemperatureSquared ? studentTemperature * studentTemperature : 1;
        bool truncated = recipe.Support is TopKSupportRecipe;
        IRowLoss loss = recipe.Support is TopKSupportRecipe support ? Truncate(divergence, recipe.Divergence, support) : divergence;
        return new DivergenceObjective(loss, Label(recipe, divergence, scale), recipe.Normalize, studentTemperature, teacherTemperature, truncated, scale);
    }

    private static TopKLoss Truncate(IDivergence divergence, string name, TopKSupportRecipe support)
    {
        if (support.K < 1)
            throw new OpdException(ErrorCodes.ObjectiveInvalid, $"support.k is {support.K} but must be 1 or more.");
        if (divergence is EntropyAware)
        {
            throw new OpdException(ErrorCodes.ObjectiveRefused,
                "entropy-aware compares the teacher's entropy over the full vocabulary with a threshold and truncates its forward part itself (topK). Use support \"full\".");
        }
        if (support is { K: 1, Tail: SupportTail.Renormalize })
        {
            throw new OpdException(ErrorCodes.ObjectiveRefused,
                "A support of one token, renormalised, gives both models probability 1 on it: the loss is zero for every student. Use tail \"bucket\", or k of 2 or more.");
        }
        if (support.Tail == SupportTail.None && divergence is not Divergence)
        {
            throw new OpdException(ErrorCodes.ObjectiveRefused,
                $"{name} is not one sum over tokens, so a partial sum of it is not defined. Use tail \"bucket\" or \"renormalize\".");
        }
        if (support.Tail == SupportTail.RenormalizeTeacher && divergence is not ForwardKl)
        {
            throw new OpdException(ErrorCodes.ObjectiveRefused,
                $"tail \"renormalize-teacher\" leaves the teacher nothing outside of the support, where the student has mass: {name} would be infinite or count a constant there. Use forward-kl, or tail \"renormalize\".");
        }
        return new TopKLoss(divergence, support.Of, support.K, support.Tail);
    }

    private static string Label(DivergenceObjectiveRecipe recipe, IDivergence divergence, double scale)
    {
        string unit = divergence is TotalVariation or SquaredHellinger or ChiSquared ? "" : " (nats)";
        string support = "full vocabulary, exact";
        string kind = "";
        if (recipe.Support is TopKSupportRecipe top)
        {
            string owner = top.Of switch { SupportOwner.Teacher => "the teacher's", SupportOwner.Student => "the student's", _ => "both models'" };
            support = $"{owner} top {top.K}" + top.Tail switch
            {
                SupportTail.Bucket => " + tail bucket: a lower bound",
                SupportTail.RenormalizeTeacher => ", the teacher renormalised, the student whole: not 0 for equal models",
                SupportTail.Renormalize => ", renormalised: mass outside is not seen",
                _ => ", partial sum: not a divergence, can be negative",
            };
            if (top.Tail == SupportTail.None) kind = "surrogate of ";
        }
        string temperature = recipe.StudentTemperature == 1 && recipe.TeacherTemperature == 1 ? ""
            : FormattableString.Invariant($", temperatures {recipe.StudentTemperature} (student) and {recipe.TeacherTemperature} (teacher){(scale == 1 ? "" : " × τ²")}");
        return $"{kind}{recipe.Divergence}: {divergence.Formula}; {support}{temperature}{unit}";
    }

    private static double Inside(double value, double low, double high, string name, string why) =>
        value > low && value < high ? value
        : throw new OpdException(ErrorCodes.ObjectiveInvalid, FormattableString.Invariant($"{name} is {value} but must lie strictly between {low} and {high}. {why}"));

    private static double Within(double value, double low, double high, string name) =>
        value >= low && value <= high ? value
        : throw new OpdException(ErrorCodes.ObjectiveInvalid, FormattableString.Invariant($"{name} is {value} but must be {low} or more{(high >= int.MaxValue ? "" : FormattableString.Invariant($" and at most {high}"))}."));

    private static double Order(double alpha) =>
        double.IsFinite(alpha) && alpha is not (0 or 1) ? alpha
        : throw new OpdException(ErrorCodes.ObjectiveInvalid, FormattableString.Invariant($"alpha is {alpha}, where the α-divergence is another one: use forward-kl (1) or reverse-kl (0)."));

    private static double Positive(double value, string name) =>
        value > 0 && double.IsFinite(value) ? value
        : throw new OpdException(ErrorCodes.ObjectiveInvalid, FormattableString.Invariant($"{name} is {value} but must be a positive number."));
}
