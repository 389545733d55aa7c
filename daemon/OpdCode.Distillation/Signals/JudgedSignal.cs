using System.Globalization;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Signals;

/// <summary>
/// A judge reads every response behind the prompt that it is shown, which may be another than the student's: rows are
/// aligned by the response, each side counted from the end of its own prompt. It hands out hidden states, not logits.
/// </summary>
internal sealed class JudgedSignal(IJudge judge, JudgedSignalParts parts) : ITokenSignal
{
    private readonly Dictionary<string, double> _metrics = [];
    private int _skipped;

    /// <inheritdoc />
    public IReadOnlyList<IMethodState> States { get; } =
        [.. new[] { judge.State, parts.Extrapolation?.Base.State, parts.Context?.State, parts.Contrast?.State }.Concat(parts.Auxiliary.Select(a => a.State)).OfType<IMethodState>()];

    /// <inheritdoc />
    public IReadOnlyDictionary<string, double> Metrics
    {
        get
        {
            _metrics.Clear();
            if (parts.Context is not null) _metrics["unjudged"] = _skipped;
            parts.Extrapolation?.AddMetrics(_metrics);
            return _metrics;
        }
    }

    /// <inheritdoc />
    public string? Warning => parts.Extrapolation?.Warning;

    /// <inheritdoc />
    public IReadOnlyList<Rollout> Prepare(IReadOnlyList<Rollout> rollouts, int step, CancellationToken cancel)
    {
        // Once a step: a context may write, and remember what it met.
        IReadOnlyList<int[]?>? contexts = parts.Context?.Prompts(rollouts, step, cancel);
        if (parts.Preferred is { } preferred)
        {
            rollouts = preferred.Pair(rollouts, judge, contexts, step, cancel);
            contexts = contexts is null ? null : [.. rollouts.Select(r => r.JudgePromptIds)];
        }
        Rollout[] prepared = [.. WithContexts(rollouts, contexts, step, cancel)];
        _skipped = rollouts.Count - prepared.Length;
        parts.Extrapolation?.Begin(() => SequenceBatch.Split(prepared, parts.MicroBatch).Select(p => SequenceBatch.Create(p, parts.Device)),
            batch => (judge.HiddenRows(Seen(batch, r => r.JudgePromptIds)), judge.Head_WM), ShownToBase);
        return prepared;
    }

    /// <inheritdoc />
    public TokenRows Judge(SequenceBatch batch, TokenRows rows)
    {
        using var none = torch.no_grad();
        rows = rows with
        {
            TeacherHidden_NM = judge.HiddenRows(Seen(batch, r => r.JudgePromptIds)),
            TeacherHead_WM = judge.Head_WM,
        };
        if (parts.Auxiliary.Count > 0)
            rows = rows with { ContextLogprobs_NK = torch.stack(Enumerable.Range(0, parts.Auxiliary.Count).Select(k => Logprobs_N(batch, rows, r => r.AuxiliaryPromptIds[k])).ToArray(), 1) };
        if (parts.Contrast is not null) rows = rows with { ContrastLogprobs_N = Logprobs_N(batch, rows, r => r.ContrastPromptIds) };
        return parts.Extrapolation is null ? rows : parts.Extrapolation.Apply(batch, ShownToBase(batch), rows);
    }

    /// <inheritdoc />
    public void Stepped(int step)
    {
        judge.Stepped(step);
        if (judge.State is not null || !parts.JudgeIsFixed) parts.Extrapolation?.HeadChanged();
    }

    private SequenceBatch ShownToBase(SequenceBatch batch) => parts.Extrapolation!.BaseSeesContext ? Seen(batch, r => r.JudgePromptIds) : batch;

    private torch.Tensor Logprobs_N(SequenceBatch batch, TokenRows rows, Func<Rollout, int[]?> prompt) =>
        HeadProbe.Logprobs_N(judge.HiddenRows(Seen(batch, prompt)), judge.Head_WM, rows.VocabularySize, rows.SampledIds_N);

    // The same responses behind other prompts: the rows come in the same order, response by response.
    private static SequenceBatch Seen(SequenceBatch batch, Func<Rollout, int[]?> prompt) => batch.Rollouts.All(r => prompt(r) is null)
        ? batch
        : SequenceBatch.Create([.. batch.Rollouts.Select(r => prompt(r) is { } ids ? r with { PromptIds = ids } : r)], batch.Rows_N.device);

    private IEnumerable<Rollout> WithContexts(IReadOnlyList<Rollout> rollouts, IReadOnlyList<int[]?>? contexts, int step, CancellationToken cancel)
    {
        IReadOnlyList<int[]?>? contrasts = parts.Contrast?.Prompts(rollouts, step, cancel);
        IReadOnlyList<int[]?>[] auxiliary = [.. parts.Auxiliary.Select(a => a.Prompts(rollouts, step, cancel))];
        for (int i = 0; i < rollouts.Count; i++)
        {
            if (contexts is not null && contexts[i] is null || contrasts is not null && contrasts[i] is null || auxiliary.Any(a => a[i] is null)) continue;
            Rollout rollout = rollouts[i] with
            {
                JudgePromptIds = contexts?[i],
                ContrastPromptIds = contrasts?[i],
                AuxiliaryPromptIds = [.. auxiliary.Select(a => a[i]!)],
            };
            foreach (int[]? prompt in rollout.AuxiliaryPromptIds.Append(rollout.JudgePromptIds).Append(rollout.ContrastPromptIds)) CheckLength(prompt, rollout);
            yield return rollout;
        }
    }

    private void CheckLength(int[]? prompt, Rollout rollout)
    {
        if (prompt is null || prompt.Length + rollout.ResponseIds.Length <= judge.ContextLimit) return;
        throw new OpdException(ErrorCodes.PromptTooLong, string.Create(CultureInfo.InvariantCulture,
            $"Line {rollout.Source.Line} of the training data: the prompt that {judge.Name} is shown has {prompt.Length} tokens and the response {rollout.ResponseIds.Length}, but its context ends at {judge.ContextLimit}. Shorten signal.context, the data or the longest response."));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        judge.Dispose();
        parts.Extrapolation?.Dispose();
    }
}
