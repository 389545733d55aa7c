using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// α = clip(1 − (1 − α₀)·m/(d + 1e-5), floor, α₀) of each response: with p̄ = exp(mean log T) and q̄ = exp(mean log S) over its
/// tokens that count, d = p̄ − q̄ on given text and where the skew is forward, else q̄ − p̄. It changes no weight. m is the mean
/// of d in the first step that has such text. Source: DistiLLM-2 (arXiv 2503.07067), its code; when m is taken is inferred.
/// </summary>
internal sealed class AdaptiveSkew(AdaptiveSkewRecipe recipe, ObjectiveRecipe objective, string name) : IStabilizer, IMethodState
{
    private const double Tiny = 1e-5;

    private readonly DivergenceObjectiveRecipe _skewed = (DivergenceObjectiveRecipe)objective;
    private readonly double?[] _anchors = [recipe.Anchor, recipe.Anchor]; // of the student's text, of given text

    /// <inheritdoc/>
    public string Kind => "adaptive-skew";

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Magnitude;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Floor >= Highest;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Models;

    /// <inheritdoc/>
    public bool SeesWholeStep => recipe.Anchor is null;

    private double Highest => _skewed.Alpha ?? DivergenceObjectiveRecipe.UsualSkew;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        torch.Tensor counts_N = rows.Counts_N(torch.ScalarType.Float64), tokens_B = rows.SumPerSequence_B(counts_N).clamp_min(1);
        double[] judge_B = Likelihood(TokenStatistics.Required(statistics.TeacherLogprob_N, Kind, "the teacher's log-probability of every token"));
        double[] student_B = Likelihood(TokenStatistics.Required(statistics.StudentLogprob_N, Kind, "the student's log-probability of every token"));
        double[] present_B = Columns.Doubles(rows.SumPerSequence_B(counts_N));
        bool[] isGiven_B = new bool[judge_B.Length];
        if (rows.IsGiven_N is { } isGiven_N) isGiven_B = [.. Columns.Doubles(rows.SumPerSequence_B(isGiven_N.to(torch.ScalarType.Float64))).Select(x => x > 0)];
        bool isForward = _skewed.Divergence == "skew-forward-kl";
        double[] ahead_B = [.. judge_B.Select((p, b) => isGiven_B[b] || isForward ? p - student_B[b] : student_B[b] - p)], skew_B = new double[judge_B.Length];
        foreach (int kind in new[] { 0, 1 })
        {
            int[] members = [.. Enumerable.Range(0, skew_B.Length).Where(b => isGiven_B[b] == (kind == 1) && present_B[b] > 0)];
            foreach (int b in members) skew_B[b] = _anchors[kind] is { } anchor ? Skew(ahead_B[b], anchor) : Highest;
            if (members.Length > 0) _anchors[kind] ??= members.Average(b => ahead_B[b]);
        }
        return rows with { Skew_N = torch.tensor(skew_B, device: rows.Sequence_N.device).index_select(0, rows.Sequence_N) };

        double[] Likelihood(torch.Tensor logprob_N) => Columns.Doubles((rows.SumPerSequence_B(logprob_N.to(torch.ScalarType.Float64).masked_fill(counts_N.eq(0), 0)) / tokens_B).exp());
    }

    // 0/0 where the response is exactly as likely as it must not be: nothing is known, so nothing adapts.
    private double Skew(double ahead, double anchor) => 1 - (1 - Highest) * anchor / (ahead + Tiny) is var skew && double.IsNaN(skew) ? Highest : Math.Clamp(skew, recipe.Floor, Highest);

    /// <inheritdoc/>
    public MethodSnapshot Capture() => new(new Dictionary<string, torch.Tensor>(), new Dictionary<string, double> { ["own"] = _anchors[0] ?? double.NaN, ["given"] = _anchors[1] ?? double.NaN });

    /// <inheritdoc/>
    public void Restore(MethodSnapshot snapshot)
    {
        if (!snapshot.Numbers.TryGetValue("own", out double own) || !snapshot.Numbers.TryGetValue("given", out double given))
            throw new OpdException(ErrorCodes.CheckpointInvalid, $"The checkpoint's state {name} lacks own or given. It is of another version or method; start the run again.");
        (_anchors[0], _anchors[1]) = (double.IsNaN(own) ? null : own, double.IsNaN(given) ? null : given);
    }
}
