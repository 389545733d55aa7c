using System.Text.Json;
using OpdCode.Daemon.Serving;
using OpdCode.Distillation.Runs;
using OpdCode.Models.Weights;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Reports;

/// <summary>
/// Turns a run folder into one HTML file that works from disk, without a network and without the run: curves, answers
/// before and after, and the rollouts with the teacher's disagreement as colour on the tokens.
/// </summary>
public static class RunReport
{
    /// <summary>Writes the report of a run. The file is replaced in one go: a reader never sees half of it.</summary>
    /// <param name="folder">The run folder; the run may still be going on.</param>
    /// <param name="file">The file to write; null: <c>report.html</c> in the run folder.</param>
    /// <param name="options">What goes in; null: the defaults.</param>
    /// <returns>Where the report is and how many rollouts are in it.</returns>
    /// <exception cref="OpdException">OPD1002: no such folder. OPD3003: the folder cannot be read or written. OPD1010: the chosen file cannot be written.</exception>
    public static ReportSummary Write(string folder, string? file = null, ReportOptions? options = null)
    {
        RunReader run = RunReader.Open(folder);
        options ??= new ReportOptions();
        RolloutSelection rollouts = RolloutSelection.Take(run, options);
        string path = Path.GetFullPath(file ?? Path.Combine(run.Folder, "report.html"));
        Action<Stream> write = stream => ReportPage.Write(stream, data => WriteData(data, run, rollouts, options));
        if (file is null) WholeFile.Replace(path, write);
        else ChosenFile.Write(path, write);
        return new ReportSummary(path, rollouts.Steps.Sum(step => step.Rollouts.Count));
    }

    private static void WriteData(Stream stream, RunReader run, RolloutSelection rollouts, ReportOptions options)
    {
        using Utf8JsonWriter writer = new(stream, ReportJson.WriterOptions);
        writer.WriteStartObject();
        Member(writer, "folder", Path.GetFileName(run.Folder));
        Member(writer, "run", run.ReadRunInfo());
        Member(writer, "recipe", run.ReadRecipe());
        Member(writer, "events", run.ReadEvents());
        Member(writer, "labels", run.ReadMetricLabels());
        Member(writer, "curves", Curves.Take(run, options));
        Member(writer, "answers", AnswerSelection.Take(run, options));
        Member(writer, "leftOutSteps", rollouts.LeftOutSteps);
        Member(writer, "leftOutRollouts", rollouts.LeftOutRollouts);
        writer.WriteStartArray("steps");
        foreach ((int step, IReadOnlyList<byte[]> lines) in rollouts.Steps)
        {
            writer.WriteStartObject();
            writer.WriteNumber("step", step);
            writer.WriteStartArray("rollouts");
            foreach (byte[] line in lines)
            {
                writer.WriteRawValue(line, skipInputValidation: true);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Member<T>(Utf8JsonWriter writer, string name, T value)
    {
        writer.WritePropertyName(name);
        JsonSerializer.Serialize(writer, value, ReportJson.Options);
    }
}
