using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Stabilizers.Terms;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// The stabilizers of a recipe in the fixed order of <see cref="StabilizerStage"/>; those of one stage keep the order of the
/// recipe. Neutral ones are left out; an empty pipeline gives the same instance back.
/// </summary>
public sealed class StabilizerPipeline
{
    private readonly (string Name, IStabilizer Stabilizer)[] _ordered;

    internal StabilizerPipeline(IEnumerable<(string Name, IStabilizer Stabilizer)> stabilizers, long seed)
    {
        _ordered = [.. stabilizers.Where(s => !s.Stabilizer.IsNeutral).OrderBy(s => s.Stabilizer.Stage)];
        Seed = seed;
        Terms = [.. _ordered.Select(s => s.Stabilizer).OfType<AddedLoss>().Select(a => a.Term)];
        Needs = _ordered.Aggregate(StabilizerNeeds.None, (needs, s) => needs | s.Stabilizer.Needs);
        MarginTopK = _ordered.Select(s => s.Stabilizer).OfType<PrefixRelease>().Select(p => p.TopK).FirstOrDefault(2);
    }

    /// <summary>The names of what acts, in the order it acts: kinds, the second of a kind with <c>#2</c> behind it.</summary>
    public IReadOnlyList<string> Names => [.. _ordered.Select(s => s.Name)];

    /// <summary>Whether nothing acts.</summary>
    public bool IsEmpty => _ordered.Length == 0;

    /// <summary>Whether one of them looks at a teacher.</summary>
    public bool NeedsTeacher => Terms.Count > 0 || _ordered.Any(s => s.Stabilizer is Agreement) || (Needs & (StabilizerNeeds.Models | StabilizerNeeds.Divergence | StabilizerNeeds.Margin | StabilizerNeeds.AnyFixedDivergence)) != 0;

    /// <summary>What they carry from step to step.</summary>
    public IReadOnlyList<IMethodState> States => [.. _ordered.Select(s => s.Stabilizer).OfType<IMethodState>()];

    /// <summary>Whether one of them must see all tokens of a step at once.</summary>
    internal bool SeesWholeStep => _ordered.Any(s => s.Stabilizer.SeesWholeStep);

    /// <summary>Whether one of them makes a token's weight depend on other responses.</summary>
    internal bool SeesOthers(string name) => _ordered.Any(s => s.Name == name && (s.Stabilizer.SeesWholeStep || s.Stabilizer is MarginShift or MarginMask or DataBalance));

    /// <summary>The losses they add.</summary>
    internal IReadOnlyList<ILossTerm> Terms { get; }

    /// <summary>What all of them ask about tokens.</summary>
    internal StabilizerNeeds Needs { get; }

    /// <summary>The student's top tokens that a margin looks at.</summary>
    internal int MarginTopK { get; }

    /// <summary>The recipe's seed.</summary>
    internal long Seed { get; }

    /// <summary>The objective with the added losses; the same instance when there are none.</summary>
    public IObjective WithTerms(IObjective objective) => Terms.Count == 0 ? objective : new TermedObjective(objective, Terms);

    /// <summary>What the stabilizers ask about rows, nothing where they ask nothing.</summary>
    internal TokenStatistics Measure(TokenRows rows, IObjective objective, ResponsePlaces? places) => TokenMeasurement.Of(rows, Needs, objective, places, MarginTopK);

    /// <summary>The rows after all stabilizers, with what each did; the same instance when there are none.</summary>
    internal TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        if (IsEmpty) return rows;
        using var none = torch.no_grad();
        List<StageTrace> stages = [];
        foreach ((string name, IStabilizer stabilizer) in _ordered)
        {
            TokenRows before = rows;
            rows = stabilizer.Apply(rows, statistics, context);
            torch.Tensor? shift_N = ReferenceEquals(rows.AdvantageShift_N, before.AdvantageShift_N) ? null
                : before.AdvantageShift_N is null ? rows.AdvantageShift_N : rows.AdvantageShift_N! - before.AdvantageShift_N;
            stages.Add(new StageTrace(name, before.Weights_N, rows.Weights_N, shift_N));
        }
        return rows with { Stages = stages };
    }
}
