using System.Text;
using System.Text.Json;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Work;

/// <summary>Small JSON files that are replaced in one go: a reader sees the old or the new one, never half of one.</summary>
internal static class SmallFile
{
    private static readonly JsonSerializerOptions s_indented = new(RunJson.Options) { WriteIndented = true };
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes aside, then renames.</summary>
    /// <exception cref="OpdException">OPD3003: the disk is full or the folder refuses.</exception>
    public static void Write<T>(string path, T value) => Replace(path, value, overwrite: true);

    /// <summary>Writes aside, then renames, unless there is a file already.</summary>
    /// <returns>False when there was one.</returns>
    /// <exception cref="OpdException">OPD3003: the disk is full or the folder refuses.</exception>
    public static bool WriteNew<T>(string path, T value) => !File.Exists(path) && Replace(path, value, overwrite: false);

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

    private static bool Replace<T>(string path, T value, bool overwrite)
    {
        string aside = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(aside, JsonSerializer.Serialize(value, s_indented) + "\n", s_utf8);
            Move(aside, path, overwrite);
            return true;
        }
        catch (IOException) when (!overwrite && File.Exists(path))
        {
            File.Delete(aside);
            return false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{path} cannot be written: {failure.Message} What was written before is complete.", failure);
        }
    }

    // On Windows a file that someone reads at this moment, a virus scanner for one, cannot be replaced until they are done.
    private static void Move(string aside, string path, bool overwrite)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                File.Move(aside, path, overwrite);
                return;
            }
            catch (Exception failure) when (OperatingSystem.IsWindows() && overwrite && attempt < 20 && failure is IOException or UnauthorizedAccessException)
            {
                Thread.Yield();
            }
        }
    }
}
