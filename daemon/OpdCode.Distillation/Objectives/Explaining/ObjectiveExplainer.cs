using System.Globalization;
using System.Text.Json;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Methods;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Explaining;

/// <summary>
/// Computes what a recipe's objective and stabilizers do to given tokens. It runs the training code path (the same
/// objective classes, fused pass and backward), in double precision, with the logits given instead of computed.
/// </summary>
public static class ObjectiveExplainer
{
    /// <summary>The loss, what happened at each token, and the gradient on every student logit.</summary>
    /// <exception cref="OpdException">What the objective or a stabilizer refuses, and OPD1301 for a stabilizer that is not known.</exception>
    public static Explanation Explain(ExplainCase question)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        IReadOnlyList<StabilizerRecipe> recipes = StabilizerReader.Parse(JsonSerializer.Serialize(question.Stabilizers));
        StabilizerPipeline stabilizers = StabilizerFactory.Create(recipes, question.Objective, seed: 1);
        IObjective objective = stabilizers.WithTerms(ObjectiveFactory.Create(question.Objective));
        TokenRows given = Rows(question);
        TokenRows rows = stabilizers.Apply(given, stabilizers.Measure(given, objective, ExplainPlaces.Of(question)), new StepContext(1, stabilizers.Seed, objective));
        ObjectiveResult result = objective.Evaluate(rows);
        if (rows.Normalizer > 0 && result.Loss.requires_grad) result.Loss.backward();
        return new Explanation(result.Loss.ToDouble(), Sequences(question, rows, result.Signals),
            [.. Notes(question, objective, rows), .. StabilizerNotes.Of(stabilizers, recipes, rows, result.Signals, isCase: true)]);
    }

    private static TokenRows Rows(ExplainCase question)
    {
        (ExplainSequence Sequence, int Index, int Position)[] trained = Trained(question).ToArray();
        int vocabulary = question.Sequences[0].Student[0].Length;
        bool hasTeacher = question.Sequences.All(s => s.Teacher is not null);
        string[] groups = question.Sequences.Select(s => s.Group ?? "").ToArray();
        string[] names = groups.Distinct().ToArray();
        TokenRows rows = new()
        {
            StudentHidden_ND = Logits(trained.Select(r => r.Sequence.Student[r.Position]), vocabulary).requires_grad_(),
            StudentHead_VD = null,
            TeacherHidden_NM = hasTeacher ? Logits(trained.Select(r => r.Sequence.Teacher![r.Position]), vocabulary) : null,
            VocabularySize = vocabulary,
            SampledIds_N = torch.tensor(trained.Select(r => r.Sequence.Sampled?[r.Position] ?? 0).ToArray()),
            Weights_N = torch.ones(trained.Length, dtype: torch.ScalarType.Float64),
            SamplerLogprobs_N = PerToken(trained, question, s => s.SamplerLogprobs),
            OldLogprobs_N = PerToken(trained, question, s => s.OldLogprobs),
            ContextLogprobs_NK = Contexts_NK(trained, question),
            ContrastLogprobs_N = PerToken(trained, question, s => s.ContrastLogprobs),
            Sequence_N = torch.tensor(trained.Select(r => (long)r.Index).ToArray()),
            Normalizer = trained.Length,
            SequenceNormalizer = question.Sequences.Count,
            Rewards_B = question.Sequences.All(s => s.Reward is not null) ? torch.tensor(question.Sequences.Select(s => s.Reward!.Value).ToArray()) : null,
            Groups_B = torch.tensor(groups.Select(g => (long)Array.IndexOf(names, g)).ToArray()),
            GroupNormalizer = names.Length,
        };
        return question.Extrapolation is { Lambda: not 1 } extrapolation ? Extrapolated(question, trained, rows, extrapolation.Lambda) : rows;
    }

    // As the signal does it: a target distribution for divergences, log B(y) beside log T(y) for advantages.
    private static TokenRows Extrapolated(ExplainCase question, (ExplainSequence Sequence, int Index, int Position)[] trained, TokenRows rows, double lambda)
    {
        if (rows.TeacherHidden_NM is not { } teacher_NV || question.Sequences.Any(s => s.Base is null))
            throw new OpdException(ErrorCodes.ObjectiveInputMissing, "extrapolation needs the logits of a teacher and of a base in every sequence of the case. Add them, or remove extrapolation.");
        const double Floor = -1e4; // exp of it is 0, and a product with it is finite
        torch.Tensor logTeacher_NV = teacher_NV.clamp_min(Floor).log_softmax(1);
        torch.Tensor logBase_NV = Logits(trained.Select(r => r.Sequence.Base![r.Position]), rows.VocabularySize).clamp_min(Floor).log_softmax(1);
        return question.Objective is DivergenceObjectiveRecipe
            ? rows with { TeacherHidden_NM = logTeacher_NV * lambda + logBase_NV * (1 - lambda) }
            : rows with { BaseLogprobs_N = logBase_NV.gather(1, rows.SampledIds_N.unsqueeze(1)).squeeze(1), TargetLambda = lambda };
    }

    private static torch.Tensor? Contexts_NK((ExplainSequence Sequence, int Index, int Position)[] trained, ExplainCase question)
    {
        if (trained.Length == 0 || question.Sequences.Any(s => s.ContextLogprobs is null)) return null;
        double[][] rows = trained.Select(r => r.Sequence.ContextLogprobs![r.Position]).ToArray();
        return torch.tensor(rows.SelectMany(r => r).ToArray(), [rows.Length, rows[0].Length]);
    }

    /// <summary>The positions that are trained, in the order of the rows.</summary>
    internal static IEnumerable<(ExplainSequence Sequence, int Index, int Position)> Trained(ExplainCase question) =>
        question.Sequences.SelectMany((sequence, index) => Enumerable.Range(0, sequence.Student.Length)
            .Where(t => sequence.Mask is null || sequence.Mask[t] == 1).Select(t => (sequence, index, t)));

    private static torch.Tensor Logits(IEnumerable<double?[]> rows, int vocabulary)
    {
        double[] values = rows.SelectMany(r => r).Select(z => z ?? double.NegativeInfinity).ToArray();
        return torch.tensor(values, [values.Length / vocabulary, vocabulary]);
    }

    private static torch.Tensor? PerToken((ExplainSequence Sequence, int Index, int Position)[] trained, ExplainCase question, Func<ExplainSequence, double[]?> values) =>
        question.Sequences.All(s => values(s) is not null) ? torch.tensor(trained.Select(r => values(r.Sequence)![r.Position]).ToArray()) : null;

    private static ExplainedSequence[] Sequences(ExplainCase question, TokenRows rows, TokenSignals signals)
    {
        int vocabulary = rows.VocabularySize;
        double[] gradient = rows.StudentHidden_ND.grad is { } g ? Doubles(g)! : new double[rows.StudentHidden_ND.numel()];
        double[] weight = Doubles(rows.Weights_N)!, loss = Doubles(signals.Loss_N)!;
        double[]? student = Doubles(signals.StudentLogprob_N), teacher = Doubles(signals.TeacherLogprob_N), divergence = Doubles(signals.Divergence_N), advantage = Doubles(signals.Advantage_N);
        double[]? studentEntropy = Doubles(signals.StudentEntropy_N), teacherEntropy = Doubles(signals.TeacherEntropy_N), importance = Doubles(signals.ImportanceWeight_N);
        double[]? studentMass = Doubles(signals.StudentMass_N), teacherMass = Doubles(signals.TeacherMass_N);
        double[]? shift = Doubles(rows.AdvantageShift_N);
        (string Name, double[] Weights)[] stages = [.. rows.Stages.Where(s => !signals.Terms.ContainsKey(s.Name)).Select(s => (s.Name, Doubles(s.After_N)!))];
        (string Name, double[] Loss)[] terms = [.. signals.Terms.Select(t => (t.Key, Doubles(t.Value)!))];
        int n = 0;
        return question.Sequences.Select(sequence =>
        {
            List<ExplainedToken> tokens = [];
            List<double[]> gradients = [];
            for (int t = 0; t < sequence.Student.Length; t++)
            {
                if (sequence.Mask is not null && sequence.Mask[t] == 0)
                {
                    tokens.Add(new ExplainedToken());
                    gradients.Add(new double[vocabulary]);
                    continue;
                }
                tokens.Add(new ExplainedToken
                {
                    StudentLogprob = student![n], TeacherLogprob = teacher?[n], Divergence = divergence?[n], Advantage = advantage?[n],
                    Weight = weight[n] * (importance?[n] ?? 1), Loss = loss[n], StudentEntropy = studentEntropy![n], TeacherEntropy = teacherEntropy?[n],
                    StudentMass = studentMass?[n], TeacherMass = teacherMass?[n], AdvantageShift = shift?[n],
                    Stages = stages.Length == 0 ? null : stages.ToDictionary(s => s.Name, s => s.Weights[n]),
                    Terms = terms.Length == 0 ? null : terms.ToDictionary(s => s.Name, s => s.Loss[n]),
                });
                gradients.Add(gradient[(n * vocabulary)..((n + 1) * vocabulary)]);
                n++;
            }
            return new ExplainedSequence(tokens, gradients.ToArray());
        }).ToArray();
    }

    private static List<string> Notes(ExplainCase question, IObjective objective, TokenRows rows)
    {
        List<string> notes = [objective.Label];
        if (question.Method is { } name && MethodPresets.Find(name) is { } method) notes.Insert(0, $"{method.Title}: {method.Summary} Who writes the text and what the judge sees is for the case to give, as logits.");
        string count = rows.Normalizer.ToString(CultureInfo.InvariantCulture);
        notes.Add(ObjectiveNormalization.Of(question.Objective) switch
        {
            LossNormalization.Tokens => $"Loss = sum of the tokens' losses / {count} trained tokens.",
            LossNormalization.Sequences => $"Loss = mean over {question.Sequences.Count} sequences of each one's token mean.",
            LossNormalization.Sum => "Loss = sum of the tokens' losses.",
            _ => question.Objective is PreferenceObjectiveRecipe ? $"Loss = sum over pairs / {rows.GroupNormalizer} groups." : "Loss = sum of the tokens' losses / (sequences × objective.maxLength).",
        });
        if (objective.NeedsTeacher && rows.SamplerLogprobs_N is null && question.Objective is PolicyGradientObjectiveRecipe) notes.Add("No samplerLogprobs: the tokens count as sampled from the student itself.");
        if (rows.OldLogprobs_N is null && question.Objective is PolicyGradientObjectiveRecipe or GroupRewardObjectiveRecipe) notes.Add("No oldLogprobs: the ratio of the trained to the old student is 1.");
        if (question.Extrapolation is { } extrapolation) notes.Add(FormattableString.Invariant($"The target is teacher^λ·base^(1−λ), λ = {extrapolation.Lambda}{(question.Objective is DivergenceObjectiveRecipe ? ", normalised; teacher numbers below are the target's" : "; the advantage differs from that of the normalised target by the same amount for every token of a state")}."));
        else if (question.Sequences.Any(s => s.Base is not null)) notes.Add("base is not used: the case has no \"extrapolation\".");
        return notes;
    }

    private static double[]? Doubles(torch.Tensor? tensor) => tensor?.detach().to(torch.ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
}
