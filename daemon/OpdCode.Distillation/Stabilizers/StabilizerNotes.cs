using System.Globalization;
using OpdCode.Distillation.Objectives;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>Says in words what each stabilizer did to the tokens of a step.</summary>
internal static class StabilizerNotes
{
    /// <summary>A sentence for each stabilizer in the order they acted, and one for each that was left out.</summary>
    /// <param name="pipeline">What acted.</param>
    /// <param name="recipes">What was asked for.</param>
    /// <param name="rows">The rows after all of them.</param>
    /// <param name="signals">What the objective saw; null where it was not asked.</param>
    /// <param name="isCase">Whether the rows hold logits in place of hidden states.</param>
    public static IEnumerable<string> Of(StabilizerPipeline pipeline, IReadOnlyList<StabilizerRecipe> recipes, TokenRows rows, TokenSignals? signals, bool isCase)
    {
        foreach (StageTrace stage in rows.Stages)
        {
            if (signals?.Terms.GetValueOrDefault(stage.Name) is { } loss_N)
                yield return $"{stage.Name} adds a mean loss of {Show(loss_N.sum().ToDouble() / Math.Max(1, rows.Normalizer))} a token.{(stage.Name == "feature-match" && isCase ? " It compares logits here, because a case has no hidden states." : "")}";
            else if (stage.Name == "adaptive-skew" && rows.Skew_N is { } skew_N) yield return $"{stage.Name} gave the responses skews of {Show(skew_N.min().ToDouble())} to {Show(skew_N.max().ToDouble())}.";
            else yield return OfStage(stage);
        }
        foreach (string name in recipes.Select(StabilizerFit.KindOf).Distinct().Where(k => !pipeline.Names.Any(n => n == k || n.StartsWith(k + "#", StringComparison.Ordinal))))
            yield return $"{name} is neutral with these settings: it is left out.";
    }

    private static string OfStage(StageTrace stage)
    {
        torch.Tensor counted_N = stage.Before_N.gt(0);
        long tokens = counted_N.sum().ToInt64();
        torch.Tensor factor_N = torch.where(counted_N, stage.After_N / stage.Before_N, torch.ones_like(stage.After_N));
        long changed = factor_N.ne(1).sum().ToInt64(), dropped = factor_N.eq(0).sum().ToInt64();
        List<string> parts = [];
        if (changed > 0) parts.Add($"changed the weight of {changed} of {tokens} tokens{(dropped > 0 ? $", {dropped} of them to 0" : "")} (mean factor {Show(torch.where(counted_N, factor_N, torch.zeros_like(factor_N)).sum().ToDouble() / Math.Max(1, tokens))})");
        if (stage.Shift_N is { } shift_N) parts.Add($"shifted the advantage of {shift_N.ne(0).sum().ToInt64()} of {tokens} tokens by {Show(shift_N.min().ToDouble())} to {Show(shift_N.max().ToDouble())} nats");
        if (stage.Name.StartsWith("welford-whitening", StringComparison.Ordinal)) parts.Add("made the advantages of responses from running mean and spread of the rewards");
        return $"{stage.Name} {(parts.Count == 0 ? "changed no weight" : string.Join(" and ", parts))}.";
    }

    private static string Show(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
