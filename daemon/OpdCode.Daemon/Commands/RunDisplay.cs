using System.Diagnostics;
using OpdCode.Distillation;
using OpdCode.Distillation.Runs;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary>Shows a run on stderr while it goes on: a live bar in a terminal, plain lines elsewhere.</summary>
internal sealed class RunDisplay(IAnsiConsole console, DistillationSession session)
{
    // Without a terminal: at most one line in so many seconds, besides evaluations.
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(5);

    private readonly Stopwatch _clock = new();
    private double? _accuracy;

    /// <summary>Runs the steps to the end, showing each.</summary>
    public void Follow(IEnumerable<StepReport> steps)
    {
        console.MarkupLineInterpolated($"{session.Recipe.Name ?? "Run"}: {session.Recipe.Steps} steps, objective {session.ObjectiveLabel}");
        console.MarkupLineInterpolated($"Run folder: {session.Folder}");
        if (console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi) Live(steps);
        else Lines(steps);
    }

    private void Live(IEnumerable<StepReport> steps) => console.Progress()
        .AutoClear(false)
        .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
        .Start(context =>
        {
            ProgressTask bar = context.AddTask("Evaluating before the first step", maxValue: session.Recipe.Steps);
            foreach (StepReport report in steps)
            {
                bar.Value = report.Step;
                bar.Description = Markup.Escape(Line(report));
            }
        });

    private void Lines(IEnumerable<StepReport> steps)
    {
        TimeSpan next = TimeSpan.Zero;
        foreach (StepReport report in steps)
        {
            string line = Line(report);
            if (report.Accuracy is null && _clock.Elapsed < next && report.Step != session.Recipe.Steps) continue;
            next = _clock.Elapsed + s_quiet;
            console.WriteLine(line);
        }
    }

    private string Line(StepReport report)
    {
        if (report.Step == 0) _clock.Start();
        _accuracy = report.Accuracy ?? _accuracy;
        string accuracy = _accuracy is double a ? $"accuracy {a:P1}" : "accuracy not measured";
        if (report.Step == 0) return $"step 0/{session.Recipe.Steps}  {accuracy}";
        double perStep = _clock.Elapsed.TotalSeconds / report.Step;
        TimeSpan left = TimeSpan.FromSeconds(perStep * (session.Recipe.Steps - report.Step));
        string divergence = report.Metrics.TryGetValue("divergence", out double d) ? $"  divergence {d:F4} nats/token" : "";
        double speed = report.Metrics["responseTokens"] / Math.Max(report.Metrics["seconds"], 1e-9);
        return $"step {report.Step}/{session.Recipe.Steps}  loss {report.Metrics["loss"]:F4}{divergence}  {accuracy}  {speed:N0} tokens/s  {(left.TotalHours >= 1 ? left.ToString("h\\:mm\\:ss") : left.ToString("m\\:ss"))} left";
    }
}
