namespace OpdCode.Recipes.Rules;

/// <summary>What can be known to be wrong from the recipe alone: values that are fine each, and not together.</summary>
internal static class SenseRules
{
    private static readonly Action<RuleContext>[] s_rules =
    [
        SamplingRules.Check,
        ObjectiveRules.Check,
        SignalRules.Check,
        StabilizerRules.Check,
        OptimizerRules.Check,
        ScheduleRules.Check,
        DataRules.Check,
    ];

    /// <summary>Runs every rule; each looks only at values that the shape check accepted.</summary>
    public static void Check(RuleContext recipe)
    {
        foreach (Action<RuleContext> rule in s_rules) rule(recipe);
    }
}
