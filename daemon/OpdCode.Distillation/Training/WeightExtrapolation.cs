using OpdCode.Distillation.Runs;
using OpdCode.Models.Decoding;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Training;

/// <summary>
/// After steps 1, 2, 4, 8, …: W ← W + f·(W − W₀) with f = 2, 2/3, 2/5, …, that is W + 2k·Δ, W₀ what was accepted the last
/// time, as long as the score rises; a candidate that is not accepted is undone bit for bit (EffOPD, arXiv 2605.11739).
/// </summary>
/// <remarks>
/// Only attention and MLP matrices move; embeddings, norms and head stay, and so do the optimizer's moments. Under LoRA the
/// factors of those matrices move (inferred). A score that is not finite counts as a failure.
/// </remarks>
public sealed class WeightExtrapolation : IMethodState, IDisposable
{
    private static readonly string[] s_moved = ["attn", "q_proj", "k_proj", "v_proj", "o_proj", "mlp", "gate_proj", "up_proj", "down_proj"];

    private readonly (string Name, torch.Tensor Value)[] _weights;
    private readonly torch.Tensor[] _base;
    private readonly ExtrapolateAccelerationRecipe _recipe;
    private readonly Func<CancellationToken, double> _score;

    /// <summary>Remembers where the run begins.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="recipe">How many candidates, and when one is accepted.</param>
    /// <param name="score">Scores the weights as they are; the same weights must give the same number. Higher is better.</param>
    /// <exception cref="OpdException">OPD1321 when nothing that is trained belongs to attention or MLP.</exception>
    public WeightExtrapolation(ParameterBuffer parameters, ExtrapolateAccelerationRecipe recipe, Func<CancellationToken, double> score)
    {
        (_recipe, _score) = (recipe, score);
        _weights = [.. parameters.Named.Where(p => p.Value.dim() >= 2 && s_moved.Any(part => p.Key.Contains(part, StringComparison.Ordinal))).Select(p => (p.Key, p.Value))];
        if (_weights.Length == 0)
            throw new OpdException(ErrorCodes.ContextInvalid, "acceleration moves attention and MLP matrices, and the student trains none of them. Remove acceleration, or widen student.lora.targetModules.");
        using var none = torch.no_grad();
        _base = [.. _weights.Select(w => w.Value.clone().DetachFromDisposeScope())];
    }

    /// <inheritdoc />
    public string Name => "acceleration.extrapolate";

    /// <summary>Whether candidates are tried after a step: 1, 2, 4, 8, ….</summary>
    public static bool IsDue(int step) => step > 0 && (step & (step - 1)) == 0;

    /// <summary>Tries candidates where it is time; the weights are then the best that was seen.</summary>
    /// <param name="step">The step that was just taken, from 1.</param>
    /// <param name="cancel">Ends a trial between tokens; the weights are then those of the step.</param>
    /// <returns>How many were accepted and the score of the weights then; null at a step that tries none.</returns>
    public IReadOnlyDictionary<string, double>? Stepped(int step, CancellationToken cancel)
    {
        if (!IsDue(step)) return null;
        using var none = torch.no_grad();
        double best = _score(cancel);
        torch.Tensor[] kept = Values();
        int accepted = 0;
        try
        {
            for (double factor = 2; accepted < _recipe.Candidates; accepted++, factor /= 1 + factor)
            {
                Move(factor);
                double value = _score(cancel);
                bool isBetter = double.IsFinite(value) && (_recipe.Accept == CandidateAcceptance.Greater ? value > best : value >= best);
                if (!isBetter) break;
                best = value;
                Store(kept);
            }
        }
        finally
        {
            // After the last accepted candidate this copies the weights onto themselves; after a refused one it undoes it.
            Put(kept, _weights.Select(w => w.Value));
            foreach (torch.Tensor value in kept) value.Dispose();
        }
        Store(_base);
        return new Dictionary<string, double> { ["candidatesAccepted"] = accepted, ["validationScore"] = best };
    }

    // In float32 whatever the weights are.
    private void Move(double factor)
    {
        using var scope = torch.NewDisposeScope();
        for (int i = 0; i < _weights.Length; i++)
        {
            torch.Tensor value = _weights[i].Value;
            torch.Tensor wide = value.to_type(Wide(value)), from = _base[i].to_type(Wide(value));
            value.copy_(wide + (wide - from) * factor);
        }
    }

    private static torch.ScalarType Wide(torch.Tensor value) => value.dtype == torch.ScalarType.Float64 ? torch.ScalarType.Float64 : torch.ScalarType.Float32;

    private torch.Tensor[] Values() => [.. _weights.Select(w => w.Value.clone().DetachFromDisposeScope())];

    private void Store(torch.Tensor[] into) => Put(_weights.Select(w => w.Value), into);

    private static void Put(IEnumerable<torch.Tensor> from, IEnumerable<torch.Tensor> to)
    {
        using var scope = torch.NewDisposeScope();
        foreach ((torch.Tensor source, torch.Tensor target) in from.Zip(to)) target.copy_(source);
    }

    /// <inheritdoc />
    public MethodSnapshot Capture()
    {
        using var none = torch.no_grad();
        return new MethodSnapshot(_weights.Select((w, i) => (w.Name, _base[i])).ToDictionary(p => p.Name, p => p.Item2.detach().DetachFromDisposeScope()), new Dictionary<string, double>());
    }

    /// <inheritdoc />
    public void Restore(MethodSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        for (int i = 0; i < _weights.Length; i++)
        {
            if (!snapshot.Tensors.TryGetValue(_weights[i].Name, out torch.Tensor? stored) || !stored.shape.SequenceEqual(_base[i].shape))
                throw new OpdException(ErrorCodes.CheckpointInvalid, $"The checkpoint's weights of the last extrapolation have no {_weights[i].Name} of this shape. Resume with the recipe that the run was started with.");
        }
        for (int i = 0; i < _weights.Length; i++) _base[i].copy_(snapshot.Tensors[_weights[i].Name]);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (torch.Tensor value in _base) value.Dispose();
    }
}
