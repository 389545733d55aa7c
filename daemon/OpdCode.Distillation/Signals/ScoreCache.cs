using System.Runtime.InteropServices;
using System.Security.Cryptography;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Signals;

/// <summary>
/// The hidden states that a fixed model gave for a micro-batch, on disk, found again by content: the model's weights, the
/// tokens, and what stood beside them. Inner epochs, steps done again after a resume and repeated evaluations read instead of compute.
/// </summary>
/// <remarks>
/// Hidden states, not log-probabilities: they serve every divergence and support, and cost width × 4 bytes a token where
/// full log-probabilities cost vocabulary × 4. A whole micro-batch, not a sequence: the last bits of a product depend on
/// the rows beside it, and a run must not depend on what an earlier one left here. Not thread-safe; processes may share a folder.
/// </remarks>
public sealed class ScoreCache
{
    private const string Tensor = "hidden";

    private const long HeaderBytes = 256;

    private readonly string _folder;
    private readonly long _maxBytes;
    private readonly byte[] _model;

    /// <summary>Opens the folder, which is made when it does not exist.</summary>
    /// <param name="folder">Where the files lie.</param>
    /// <param name="maxBytes">What they may take together, in bytes; beyond it the ones not used for longest go.</param>
    /// <param name="weights_P">The model's weights, which must not change; read once.</param>
    public ScoreCache(string folder, long maxBytes, torch.Tensor weights_P)
    {
        (_folder, _maxBytes) = (folder, maxBytes);
        Directory.CreateDirectory(folder);
        _model = Hash(weights_P);
    }

    /// <summary>How often a micro-batch was found.</summary>
    public long Hits { get; private set; }

    /// <summary>The hidden states at the trained rows, [N, M]: read where they are known, else computed and kept.</summary>
    /// <param name="batch">What is read.</param>
    /// <param name="compute">The model's reading; the same for the same batch.</param>
    public torch.Tensor Rows(SequenceBatch batch, Func<torch.Tensor> compute)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(compute);
        string path = Path.Combine(_folder, Key(batch) + ".safetensors");
        if (Read(path, batch.Rows_N) is { } known)
        {
            Hits++;
            return known;
        }
        torch.Tensor hidden_NM = compute();
        Keep(path, hidden_NM);
        return hidden_NM;
    }

    private static torch.Tensor? Read(string path, torch.Tensor rows_N)
    {
        if (!File.Exists(path)) return null;
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow); // used now: what is evicted first is what was used longest ago
            using SafetensorsFile file = SafetensorsFile.Open(path);
            TensorEntry entry = file.Entries[Tensor];
            if (entry.Shape is not [var rows, _] || rows != rows_N.shape[0]) return null;
            torch.Tensor hidden_NM = torch.empty(entry.Shape.ToArray(), dtype: file.Metadata["type"] == "bfloat16" ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32, device: rows_N.device);
            file.CopyTo(Tensor, hidden_NM);
            return hidden_NM;
        }
        catch (Exception failure) when (failure is OpdException or IOException or UnauthorizedAccessException or KeyNotFoundException)
        {
            return null; // cut short, or just evicted by another process: computed again
        }
    }

    // A cache that cannot be written costs time, not the run.
    private void Keep(string path, torch.Tensor hidden_NM)
    {
        bool isHalf = hidden_NM.dtype == torch.ScalarType.BFloat16;
        long bytes = hidden_NM.numel() * hidden_NM.element_size() + HeaderBytes;
        if (bytes > _maxBytes) return;
        try
        {
            MakeRoom(bytes);
            SafetensorsWriter.Write(path, [(Tensor, hidden_NM.detach())], isHalf ? WeightType.BFloat16 : WeightType.Float32, new Dictionary<string, string> { ["type"] = isHalf ? "bfloat16" : "float32" });
        }
        catch (Exception failure) when (failure is OpdException or IOException or UnauthorizedAccessException)
        {
            // Full or read-only: the next reading computes again.
        }
    }

    private void MakeRoom(long bytes)
    {
        FileInfo[] files = [.. new DirectoryInfo(_folder).EnumerateFiles("*.safetensors").OrderBy(f => f.LastWriteTimeUtc)];
        long total = files.Sum(f => f.Length) + bytes;
        foreach (FileInfo oldest in files)
        {
            if (total <= _maxBytes) return;
            total -= oldest.Length;
            oldest.Delete();
        }
    }

    private string Key(SequenceBatch batch)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_model);
        foreach (Rollout rollout in batch.Rollouts)
        {
            int[] lengths = [rollout.PromptIds.Length, rollout.ResponseIds.Length];
            hash.AppendData(MemoryMarshal.AsBytes<int>(lengths));
            hash.AppendData(MemoryMarshal.AsBytes<int>(rollout.PromptIds));
            hash.AppendData(MemoryMarshal.AsBytes<int>(rollout.ResponseIds));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static byte[] Hash(torch.Tensor weights_P)
    {
        const long Piece = 1 << 26;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long at = 0; at < weights_P.numel(); at += Piece)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            hash.AppendData(weights_P.narrow(0, at, Math.Min(Piece, weights_P.numel() - at)).detach().cpu().bytes);
        }
        return hash.GetHashAndReset();
    }
}
