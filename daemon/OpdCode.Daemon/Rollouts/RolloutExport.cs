using System.Text.Encodings.Web;
using System.Text.Json;
using OpdCode.Daemon.Reports;
using OpdCode.Daemon.Serving;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Writes one rollout for somebody who has no OpdCode: as a page that works from disk, or as JSON.</summary>
internal static class RolloutExport
{
    private static readonly JsonWriterOptions s_indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the file.</summary>
    /// <param name="store">Where the rollout is.</param>
    /// <param name="folder">The run folder.</param>
    /// <param name="asked">Which rollout and which file; the extension decides.</param>
    /// <param name="cancel">Stops before the file is there.</param>
    /// <exception cref="OpdException">OPD4002: no such rollout, or another extension. OPD1010: the file cannot be written.</exception>
    public static void Write(RolloutStore store, string folder, ExportRolloutParams asked, CancellationToken cancel)
    {
        store.Read(asked.RunId, asked.Step, asked.Index, cancel); // it is there, and whole
        switch (Path.GetExtension(asked.Path).ToUpperInvariant())
        {
            case ".JSON":
                byte[] line = store.File(asked.RunId, asked.Step).Bytes(asked.Index, cancel)!;
                ChosenFile.Write(asked.Path, stream => WriteJson(stream, line));
                break;
            case ".HTML":
                RunReport.Write(folder, asked.Path, new ReportOptions { Steps = [asked.Step], Index = asked.Index });
                break;
            default:
                throw new OpdException(ErrorCodes.RequestInvalid, $"rollouts/export: {Path.GetFileName(asked.Path)} ends neither with .html nor with .json.");
        }
    }

    private static void WriteJson(Stream stream, byte[] line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        using var writer = new Utf8JsonWriter(stream, s_indented);
        document.RootElement.WriteTo(writer);
    }
}
