using OpdCode.Distillation.Runs;

namespace OpdCode.Daemon.Reports;

/// <summary>The before/after answers that fit, and counts over all of them: what was fixed and what was broken.</summary>
internal sealed record AnswerSelection
{
    public required IReadOnlyList<AnswerRecord> Shown { get; init; }

    public required int Total { get; init; }

    /// <summary>Wrong before, right after.</summary>
    public required int Fixed { get; init; }

    /// <summary>Right before, wrong after.</summary>
    public required int Broken { get; init; }

    public required int RightBefore { get; init; }

    public required int RightAfter { get; init; }

    /// <summary>How many answers were judged after training; 0 while the run goes on.</summary>
    public required int JudgedAfter { get; init; }

    public required int JudgedBefore { get; init; }

    public static AnswerSelection Take(RunReader run, ReportOptions options)
    {
        IReadOnlyList<AnswerRecord> all = run.ReadAnswers();
        long left = options.AnswerBytes;
        List<AnswerRecord> shown = [];
        foreach (AnswerRecord answer in all.OrderBy(answer => answer.BeforeCorrect == answer.AfterCorrect)) // changed ones first
        {
            int bytes = ReportJson.Bytes(answer).Length;
            if (bytes <= left)
            {
                left -= bytes;
                shown.Add(answer);
            }
        }

        return new AnswerSelection
        {
            Shown = [.. shown.OrderBy(answer => answer.Index)],
            Total = all.Count,
            Fixed = all.Count(answer => answer is { BeforeCorrect: false, AfterCorrect: true }),
            Broken = all.Count(answer => answer is { BeforeCorrect: true, AfterCorrect: false }),
            RightBefore = all.Count(answer => answer.BeforeCorrect == true),
            RightAfter = all.Count(answer => answer.AfterCorrect == true),
            JudgedBefore = all.Count(answer => answer.BeforeCorrect is not null),
            JudgedAfter = all.Count(answer => answer.AfterCorrect is not null),
        };
    }
}
