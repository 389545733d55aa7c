using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Training;

namespace OpdCode.Daemon.Commands;

/// <summary>Watches where the time of one step of a run goes.</summary>
internal static class ProfiledSteps
{
    /// <summary>The same steps; the second one's spans (the first's where there is no second) are written to a file.</summary>
    /// <param name="steps">A run, which reports step 0 before it trains.</param>
    /// <param name="file">Where the trace goes; null: nothing is watched.</param>
    /// <param name="last">The last step.</param>
    public static IEnumerable<StepReport> Of(IEnumerable<StepReport> steps, string? file, int last)
    {
        StepProfile? profile = null;
        int before = Math.Min(1, last - 1); // the first step also loads code and starts threads
        bool isWritten = file is null;
        foreach (StepReport report in steps)
        {
            if (profile is not null && !isWritten)
            {
                profile.Write(file!);
                isWritten = true;
            }
            yield return report;
            if (!isWritten && report.Step >= before) profile = StepProfile.Begin();
        }
    }
}
