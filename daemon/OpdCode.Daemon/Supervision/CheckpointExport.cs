using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>
/// Copies a checkpoint to where people want it. A checkpoint is a model folder with the adapter merged in, and under
/// <c>state</c> and <c>adapter</c> what training needs besides: exporting leaves that out, or takes the adapter alone.
/// </summary>
internal static class CheckpointExport
{
    private const int Block = 1 << 20;

    /// <summary>Copies aside and renames, so that a folder of the name is complete.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="kind">merged or adapter.</param>
    /// <param name="target">A folder that does not exist or is empty.</param>
    /// <param name="report">Is told how far it is.</param>
    /// <param name="cancel">Ends it; nothing is left then.</param>
    /// <exception cref="OpdException">OPD4002: no such kind. OPD3004: no adapter. OPD1010: the target is not free or refuses.</exception>
    public static async Task<WrittenFile> Write(string checkpoint, string kind, string target, Action<string, double?> report, CancellationToken cancel)
    {
        target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        FileInfo[] files = kind switch
        {
            "merged" => new DirectoryInfo(checkpoint).GetFiles(),
            "adapter" => Adapter(checkpoint),
            _ => throw new OpdException(ErrorCodes.RequestInvalid, $"kind is \"{kind}\"; it is merged or adapter."),
        };
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
            throw new OpdException(ErrorCodes.FileNotWritten, $"{target} exists and is not empty. Choose another folder, so that nothing is mixed.");
        string aside = target + ".partial";
        try
        {
            if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
            Directory.CreateDirectory(aside);
            await Copy(files, aside, report, cancel);
            if (Directory.Exists(target)) Directory.Delete(target);
            Directory.Move(aside, target);
            return new WrittenFile(target);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Discard(aside);
            throw new OpdException(ErrorCodes.FileNotWritten, $"{target} cannot be written: {failure.Message} Choose another folder, or make room.", failure);
        }
        catch (OperationCanceledException)
        {
            Discard(aside);
            throw;
        }
    }

    private static FileInfo[] Adapter(string checkpoint)
    {
        var folder = new DirectoryInfo(Path.Combine(checkpoint, "adapter"));
        return folder.Exists ? folder.GetFiles()
            : throw new OpdException(ErrorCodes.CheckpointInvalid, $"{checkpoint} holds no adapter: the student was trained as a whole, or from random weights. Export it merged.");
    }

    private static async Task Copy(FileInfo[] files, string folder, Action<string, double?> report, CancellationToken cancel)
    {
        long total = files.Sum(f => f.Length), done = 0;
        byte[] block = new byte[Block];
        foreach (FileInfo file in files)
        {
            await using var from = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await using var to = new FileStream(Path.Combine(folder, file.Name), FileMode.CreateNew, FileAccess.Write);
            for (int read; (read = await from.ReadAsync(block, cancel)) > 0; done += read)
            {
                await to.WriteAsync(block.AsMemory(0, read), cancel);
                report($"Copying {file.Name}", total == 0 ? null : (double)(done + read) / total);
            }
            to.Flush(flushToDisk: true);
        }
    }

    private static void Discard(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It is named .partial: nobody takes it for a model.
        }
    }
}
