using OpdCode.Distillation.Runs;
using OpdCode.Models.Generation;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using TorchSharp;

namespace OpdCode.Distillation.Rollouts;

/// <summary>
/// Decides for each step between given text, fresh text of the student and a replay of earlier text, by a threshold that rises
/// where the validation loss does. Source: DistiLLM (arXiv 2402.03898), its code, whose "previous" loss is taken as the last one looked at.
/// </summary>
/// <param name="recipe">Threshold and replay.</param>
/// <param name="steps">Of the run.</param>
/// <param name="seed">Of the draws.</param>
/// <param name="validationLoss">Next-token loss on validation answers with the weights as they are, nats per token.</param>
/// <param name="exampleAt">The example of a line of the data, for rollouts that come back from a checkpoint; null where it is not at hand.</param>
internal sealed class AdaptiveText(AdaptiveOffPolicyRecipe recipe, int steps, long seed, Func<double> validationLoss, Func<int, TrainingExample?> exampleAt) : IMethodState
{
    private const string Prompts = "prompts", PromptLengths = "promptLengths", Responses = "responses", ResponseLengths = "responseLengths", Logprobs = "samplerLogprobs", Lines = "lines", Stopped = "stopped";

    private readonly Queue<Rollout> _kept = new();

    /// <inheritdoc/>
    public string Name => "offPolicy.adaptive";

    /// <summary>φ.</summary>
    public double Threshold { get; private set; } = recipe.Start;

    /// <summary>The validation loss that was looked at last; NaN before the first look.</summary>
    public double ValidationLoss { get; private set; } = double.NaN;

    /// <summary>How many rollouts are kept.</summary>
    public int Kept => _kept.Count;

    /// <summary>What the step has; looks at the validation loss where it is time.</summary>
    /// <param name="step">From 1, each once.</param>
    public TextChoice Choose(int step)
    {
        if ((step - 1) % recipe.Every == 0)
        {
            double loss = validationLoss();
            if (loss >= ValidationLoss + recipe.Tolerance) Threshold = Math.Min(1, Threshold + recipe.Raise);
            ValidationLoss = loss;
        }
        double drawn = CounterRandom.Uniform(seed, RandomStream.ForContext(step, 61, 0), 0);
        if (drawn >= Threshold) return TextChoice.Given;
        bool hasReplay = recipe.Replay > 0 && _kept.Count >= recipe.Replay;
        return !hasReplay || drawn < Threshold * (1 - (double)step / steps) ? TextChoice.Fresh : TextChoice.Replayed;
    }

    /// <summary>Keeps rollouts for later; the oldest leave.</summary>
    public void Keep(IEnumerable<Rollout> rollouts)
    {
        foreach (Rollout rollout in rollouts) _kept.Enqueue(rollout);
        while (_kept.Count > recipe.Replay) _kept.Dequeue();
    }

    /// <summary>Some of the kept rollouts, each a group of its own.</summary>
    public IReadOnlyList<Rollout> Replay(int count, int step)
    {
        Rollout[] kept = [.. _kept];
        return [.. CounterRandom.Permutation(kept.Length, seed, RandomStream.ForContext(step, 60, 0)).Take(count).Select((place, n) => kept[place] with { Group = n })];
    }

    /// <inheritdoc/>
    public MethodSnapshot Capture()
    {
        Dictionary<string, double> numbers = new() { ["threshold"] = Threshold, ["validationLoss"] = ValidationLoss };
        if (_kept.Count == 0) return new MethodSnapshot(new Dictionary<string, torch.Tensor>(), numbers);
        return new MethodSnapshot(new Dictionary<string, torch.Tensor>
        {
            [Prompts] = Longs(_kept.SelectMany(r => r.PromptIds)), [PromptLengths] = Longs(_kept.Select(r => r.PromptIds.Length)),
            [Responses] = Longs(_kept.SelectMany(r => r.ResponseIds)), [ResponseLengths] = Longs(_kept.Select(r => r.ResponseIds.Length)),
            [Logprobs] = torch.tensor(_kept.SelectMany(r => r.SamplerLogprobs!).ToArray()).DetachFromDisposeScope(),
            [Lines] = Longs(_kept.Select(r => r.Source.Line)), [Stopped] = Longs(_kept.Select(r => r.Finish == FinishReason.Stop ? 1 : 0)),
        }, numbers);
    }

    /// <inheritdoc/>
    public void Restore(MethodSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (!snapshot.Numbers.TryGetValue("threshold", out double threshold) || !snapshot.Numbers.TryGetValue("validationLoss", out double loss))
            throw Invalid();
        (Threshold, ValidationLoss) = (threshold, loss);
        _kept.Clear();
        if (snapshot.Tensors.Count == 0) return;
        int[] lines = Ints(Lines), promptLengths = Ints(PromptLengths), lengths = Ints(ResponseLengths), prompts = Ints(Prompts), responses = Ints(Responses), stopped = Ints(Stopped);
        float[] logprobs = Tensor(Logprobs).cpu().data<float>().ToArray();
        if (promptLengths.Sum() != prompts.Length || lengths.Sum() != responses.Length || logprobs.Length != responses.Length || promptLengths.Length != lines.Length || lengths.Length != lines.Length || stopped.Length != lines.Length) throw Invalid();
        for (int i = 0, p = 0, t = 0; i < lines.Length; p += promptLengths[i], t += lengths[i], i++)
        {
            _kept.Enqueue(new Rollout
            {
                Source = exampleAt(lines[i]) ?? new TrainingExample { Line = lines[i] },
                PromptIds = prompts[p..(p + promptLengths[i])], ResponseIds = responses[t..(t + lengths[i])], SamplerLogprobs = logprobs[t..(t + lengths[i])],
                Finish = stopped[i] == 1 ? FinishReason.Stop : FinishReason.Length,
            });
        }

        torch.Tensor Tensor(string name) => snapshot.Tensors.TryGetValue(name, out torch.Tensor? tensor) ? tensor : throw Invalid();

        int[] Ints(string name) => [.. Tensor(name).cpu().data<long>().ToArray().Select(x => (int)x)];
    }

    private static OpdException Invalid() => new(ErrorCodes.CheckpointInvalid, "The checkpoint's state of offPolicy.adaptive is incomplete. It is of another version or method; start the run again.");

    private static torch.Tensor Longs(IEnumerable<int> values) => torch.tensor(values.Select(v => (long)v).ToArray()).DetachFromDisposeScope();
}
