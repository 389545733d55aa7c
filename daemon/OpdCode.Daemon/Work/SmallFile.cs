using System.Text.Json;
using OpdCode.Distillation.Runs;
using OpdCode.Models.Weights;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Work;

/// <summary>Small JSON files that are replaced in one go (<see cref="WholeFile"/>): a reader sees the old or the new one, never half of one.</summary>
internal static class SmallFile
{
    private static readonly JsonSerializerOptions s_indented = new(RunJson.Options) { WriteIndented = true };

    /// <summary>Writes it, replacing one that is there.</summary>
    /// <exception cref="OpdException">OPD3003: the disk is full or the folder refuses.</exception>
    public static void Write<T>(string path, T value) => WholeFile.Replace(path, stream => Serialize(stream, value));

    /// <summary>As <see cref="Write"/>, for what is written every other second and means nothing to a machine that starts anew.</summary>
    /// <exception cref="OpdException">OPD3003: the disk is full or the folder refuses.</exception>
    public static void WriteForNow<T>(string path, T value) => WholeFile.ReplaceForNow(path, stream => Serialize(stream, value));

    /// <summary>Writes it unless there is one already.</summary>
    /// <returns>False when there was one.</returns>
    /// <exception cref="OpdException">OPD3003: the disk is full or the folder refuses.</exception>
    public static bool WriteNew<T>(string path, T value) => WholeFile.TryCreate(path, stream => Serialize(stream, value));

    /// <summary>The value; null when there is no file, or one that cannot be read as that: these files can be made again.</summary>
    public static T? Read<T>(string path) where T : class
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return JsonSerializer.Deserialize<T>(stream, RunJson.Options);
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            return null;
        }
    }

    private static void Serialize<T>(Stream stream, T value)
    {
        JsonSerializer.Serialize(stream, value, s_indented);
        stream.WriteByte((byte)'\n');
    }
}
