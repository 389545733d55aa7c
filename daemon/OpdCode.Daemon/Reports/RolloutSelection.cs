using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Reports;

/// <summary>
/// Which rollouts go into the page. The last recorded step answers "what does it do now", the first "where did it
/// start"; then come the others from the newest back, until the budget is used up.
/// </summary>
internal sealed record RolloutSelection
{
    /// <summary>The steps shown, ascending, each with its rollouts as JSON that is ready for the page.</summary>
    public required IReadOnlyList<(int Step, IReadOnlyList<byte[]> Rollouts)> Steps { get; init; }

    /// <summary>Recorded steps of which nothing is shown, ascending.</summary>
    public required IReadOnlyList<int> LeftOutSteps { get; init; }

    /// <summary>Rollouts of shown steps that did not fit.</summary>
    public required int LeftOutRollouts { get; init; }

    public static RolloutSelection Take(RunReader run, ReportOptions options)
    {
        IReadOnlyList<int> recorded = run.RolloutSteps();
        int[] unknown = [.. (options.Steps ?? []).Except(recorded)];
        if (unknown.Length > 0)
        {
            throw new OpdException(
                ErrorCodes.RunFolder,
                $"Step {unknown[0]} has no recorded rollouts in {run.Folder}. Recorded: {(recorded.Count == 0 ? "none" : string.Join(", ", recorded))}.");
        }

        SortedDictionary<int, IReadOnlyList<byte[]>> taken = [];
        int leftOutRollouts = 0;
        long left = options.RolloutBytes;
        foreach (int step in ByPriority(options.Steps?.Distinct().Order().ToArray() ?? recorded))
        {
            if (left <= 0)
            {
                break;
            }

            List<byte[]> rollouts = [];
            foreach (RolloutRecord rollout in run.ReadRollouts(step))
            {
                if (options.Index is int index && rollout.Index != index) continue;
                byte[] json = ReportJson.Bytes(rollout);
                bool huge = json.Length > options.RolloutBytes / (options.Index is null ? 4 : 1); // one endless text must not push out all others
                if (huge || json.Length > left)
                {
                    leftOutRollouts++;
                    left = huge ? left : 0;
                    continue;
                }

                left -= json.Length;
                rollouts.Add(json);
            }

            taken[step] = rollouts;
        }

        return new RolloutSelection
        {
            Steps = [.. taken.Select(step => (step.Key, step.Value))],
            LeftOutSteps = [.. recorded.Except(taken.Keys)],
            LeftOutRollouts = leftOutRollouts,
        };
    }

    private static IEnumerable<int> ByPriority(IReadOnlyList<int> ascending) =>
        ascending.Count < 3 ? ascending.Reverse() : [ascending[^1], ascending[0], .. ascending.Skip(1).SkipLast(1).Reverse()];
}
