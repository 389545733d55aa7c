using System.Globalization;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Signals;

/// <summary>
/// Moves the target from the judge T to ∝ T^λ·B^(1−λ), B a base model that reads the student's own prompt (G-OPD, ExOPD,
/// arXiv 2602.12125) or what the judge is shown, and measures at contract positions how far that may go (<see cref="ExtrapolationCliff"/>).
/// </summary>
/// <remarks>
/// For divergences the target is a distribution: logits λ·z_T + (1−λ)·z_B, made by placing scaled hidden states and heads side
/// by side, so it costs no [tokens × vocabulary]. For the policy gradient log B(y) is handed over, and the advantage is
/// λ·(log T − log B) − (log S − log B), which differs by the same amount, log Z, for every token of a state.
/// </remarks>
internal sealed class Extrapolation : IDisposable
{
    private readonly ExtrapolationRecipe _recipe;
    private readonly IJudge _base;
    private readonly int _vocabulary;
    private readonly double _clip;
    private readonly bool _asDistribution;
    private readonly Dictionary<IReadOnlyList<Rollout>, double[]> _cliffs = new(ReferenceEqualityComparer.Instance); // a micro-batch may be judged twice in a step
    private torch.Tensor? _sideBySide;

    /// <summary>Prepares the extrapolation.</summary>
    /// <param name="recipe">λ and the guard.</param>
    /// <param name="from">The base model; owned.</param>
    /// <param name="vocabulary">Ids that both models share.</param>
    /// <param name="clip">The bound c on the ratio between teacher and student, at least 1.</param>
    /// <param name="asDistribution">Whether the objective compares whole distributions.</param>
    public Extrapolation(ExtrapolationRecipe recipe, IJudge from, int vocabulary, double clip, bool asDistribution) =>
        (_recipe, _base, _vocabulary, _clip, _asDistribution, Lambda) = (recipe, from, vocabulary, clip, asDistribution, recipe.Lambda);

    /// <summary>The base model.</summary>
    public IJudge Base => _base;

    /// <summary>Whether the base reads what the judge is shown, not the student's own prompt.</summary>
    public bool BaseSeesContext => _recipe.BaseSees == "context";

    /// <summary>λ of this step.</summary>
    public double Lambda { get; private set; }

    /// <summary>λ, the step's quantile of λ*, and the share of contract positions beyond theirs.</summary>
    public void AddMetrics(Dictionary<string, double> metrics)
    {
        metrics["lambda"] = Lambda;
        double[] cliffs = Measured;
        if (ExtrapolationCliff.Quantile(cliffs, _recipe.Quantile) is not { } quantile) return;
        metrics["lambdaStar"] = quantile;
        metrics["beyondCliff"] = cliffs.Count(c => Lambda > c) / (double)cliffs.Length;
    }

    /// <summary>What a person should know about the step that was judged; null for nothing.</summary>
    public string? Warning => Measured.Count(c => Lambda > c) is > 0 and int beyond
        ? string.Create(CultureInfo.InvariantCulture, $"λ is {Lambda:0.###}, beyond λ* at {beyond} of {Measured.Length} contract positions of the step (the lowest λ* is {Measured.Min():0.###}): structured output may break. Lower signal.extrapolation.lambda, or set its guard to \"cap\".")
        : null;

    private double[] Measured => [.. _cliffs.Values.SelectMany(c => c)];

    /// <summary>Begins a step; with the guard "cap" λ is held below the step's quantile of λ*, but never below 1.</summary>
    /// <param name="parts">The step's micro-batches, made only where they are needed.</param>
    /// <param name="judge">Reads a micro-batch as the judge: hidden states [N, M] and head.</param>
    /// <param name="shown">A micro-batch behind the prompts that the base reads.</param>
    public void Begin(Func<IEnumerable<SequenceBatch>> parts, Func<SequenceBatch, (torch.Tensor Hidden_NM, torch.Tensor Head_WM)> judge, Func<SequenceBatch, SequenceBatch> shown)
    {
        _cliffs.Clear();
        Lambda = _recipe.Lambda;
        if (_recipe.Guard != ExtrapolationGuard.Cap || Lambda <= 1) return;
        List<double> cliffs = [];
        foreach (SequenceBatch batch in parts())
        {
            using var scope = torch.NewDisposeScope();
            (torch.Tensor hidden_NM, torch.Tensor head_WM) = judge(batch);
            cliffs.AddRange(Cliffs(hidden_NM, head_WM, _base.HiddenRows(shown(batch))).Where(double.IsFinite));
        }
        if (ExtrapolationCliff.Quantile(cliffs, _recipe.Quantile) is { } quantile)
            Lambda = Math.Max(1, Math.Min(Lambda, quantile - _recipe.Margin));
    }

    /// <summary>The rows with the target moved.</summary>
    /// <param name="batch">The micro-batch with the student's own prompts.</param>
    /// <param name="shown">The same behind the prompts that the base reads.</param>
    /// <param name="rows">The rows, judged.</param>
    public TokenRows Apply(SequenceBatch batch, SequenceBatch shown, TokenRows rows)
    {
        // λ = 1 is plain distillation, bit for bit, whatever the base is.
        if (Lambda == 1) return rows;
        torch.Tensor base_NM = _base.HiddenRows(shown);
        double[] cliffs = Cliffs(rows.TeacherHidden_NM!, rows.TeacherHead_WM!, base_NM);
        _cliffs[batch.Rollouts] = [.. cliffs.Where(double.IsFinite)];
        rows = rows with { CliffLambda_N = torch.tensor(cliffs, dtype: torch.float32, device: rows.SampledIds_N.device) };
        if (!_asDistribution)
            return rows with { BaseLogprobs_N = HeadProbe.Logprobs_N(base_NM, _base.Head_WM, _vocabulary, rows.SampledIds_N), TargetLambda = Lambda };
        using var none = torch.no_grad();
        return rows with
        {
            TeacherHidden_NM = torch.cat([rows.TeacherHidden_NM! * Lambda, base_NM * (1 - Lambda)], 1),
            TeacherHead_WM = SideBySide(rows.TeacherHead_WM!),
        };
    }

    // λ* of each row; NaN where the row is no contract position, or λ* has no meaning.
    private double[] Cliffs(torch.Tensor judge_NM, torch.Tensor head_WM, torch.Tensor base_NM)
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor modal_N = HeadProbe.Modal_N(judge_NM, head_WM, _vocabulary);
        double[] judge = Probabilities(HeadProbe.Logprobs_N(judge_NM, head_WM, _vocabulary, modal_N));
        double[] from = Probabilities(HeadProbe.Logprobs_N(base_NM, _base.Head_WM, _vocabulary, modal_N));
        return [.. judge.Select((p, n) => p < _recipe.Contract ? double.NaN : ExtrapolationCliff.LambdaStar(p, from[n], _clip) ?? double.NaN)];
    }

    private static double[] Probabilities(torch.Tensor logprobs_N) => logprobs_N.to(torch.ScalarType.Float64).exp().cpu().data<double>().ToArray();

    // Both heads beside each other, [V, M + M']. Heads of frozen models never change: made once.
    private torch.Tensor SideBySide(torch.Tensor head_WM) => _sideBySide ??=
        torch.cat([head_WM.narrow(0, 0, _vocabulary), _base.Head_WM.narrow(0, 0, _vocabulary)], 1).DetachFromDisposeScope();

    /// <summary>The head of a judge that moves has changed.</summary>
    public void HeadChanged()
    {
        _sideBySide?.Dispose();
        _sideBySide = null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        HeadChanged();
        _base.Dispose();
    }
}
