using System.Security.Cryptography;
using System.Text.Json;
using OpdCode.Models.Weights;

namespace OpdCode.Distillation.Runs.Checkpoints;

/// <summary><c>state/manifest.json</c> of a checkpoint: what belongs to it, byte for byte. Written last.</summary>
public sealed record CheckpointManifest
{
    /// <summary>Where it lies in a checkpoint.</summary>
    internal static readonly string FileName = Path.Combine(StateFolder, "manifest.json");

    /// <summary>The folder of what Hugging Face has no place for.</summary>
    internal const string StateFolder = "state";

    /// <summary>Version of the layout. Always 1 today.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The optimizer step.</summary>
    public required int Step { get; init; }

    /// <summary>SHA-256 of every other file, by its path in the checkpoint with forward slashes.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }

    /// <summary>Hashes what lies in a checkpoint folder and writes the manifest.</summary>
    internal static void Write(string checkpoint, int step)
    {
        var files = Directory.EnumerateFiles(checkpoint, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(checkpoint, path))
            .Where(path => path != FileName)
            .Order(StringComparer.Ordinal)
            .ToDictionary(path => path.Replace('\\', '/'), path => Hash(Path.Combine(checkpoint, path)), StringComparer.Ordinal);
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(new CheckpointManifest { Step = step, Files = files }, RunJson.Indented);
        using var whole = new WholeFile();
        whole.Write(Path.Combine(checkpoint, FileName), stream => stream.Write(text));
        whole.Commit();
    }

    /// <summary>What is wrong with a checkpoint; null when every file is there with every bit.</summary>
    internal static string? Problem(string checkpoint, int step)
    {
        try
        {
            string path = Path.Combine(checkpoint, FileName);
            if (!File.Exists(path)) return $"{FileName} is missing, so it has no training state";
            CheckpointManifest? manifest = JsonSerializer.Deserialize<CheckpointManifest>(File.ReadAllBytes(path), RunJson.Options);
            if (manifest is null || manifest.Version != 1) return $"{FileName} is of version {manifest?.Version}, and 1 is known";
            if (manifest.Step != step) return $"{FileName} speaks of step {manifest.Step}";
            if (!manifest.Files.ContainsKey("state/progress.json")) return $"{FileName} names no state/progress.json";
            foreach ((string name, string hash) in manifest.Files)
            {
                string file = Path.Combine(checkpoint, name);
                if (!File.Exists(file)) return $"{name} is missing";
                if (Hash(file) != hash) return $"{name} has changed since it was written (its SHA-256 is another)";
            }
            return null;
        }
        catch (JsonException failure)
        {
            return $"{FileName} cannot be read: {failure.Message}";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"it cannot be read: {failure.Message}";
        }
    }

    /// <summary><c>sha256:</c> and 64 hexadecimal digits.</summary>
    internal static string Hash(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 20);
        return "sha256:" + Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
