using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Editing;

namespace OpdCode.Models.Preflight;

/// <summary>Does the run fit into memory and onto the disk, and is its device there?</summary>
internal static class ResourceChecks
{
    /// <summary>The device's memory; unknown, with a problem, where the device is not there.</summary>
    public static DeviceMemory Device(RecipeReading reading, List<Problem> problems)
    {
        try
        {
            return ComputeDevice.Memory(reading.Recipe!.Device);
        }
        catch (OpdException e)
        {
            problems.Add(reading.ProblemAt(e.Code, ProblemSeverity.Error, "device", e.Message));
            return new DeviceMemory(0, 0, reading.Recipe!.Device.StartsWith("cuda", StringComparison.Ordinal));
        }
    }

    /// <summary>More than there is cannot run; more than is free just now may have to wait.</summary>
    public static IEnumerable<Problem> Memory(RecipeReading reading, MemoryInputs inputs, MemoryEstimate estimate)
    {
        if (estimate.Fits) yield break;
        string where = inputs.Device.IsCuda ? "the card" : "the machine";
        bool never = estimate.Peak > estimate.Total;
        (Cure Cure, MemoryEstimate Estimate)? advice = MemoryAdvice.Find(inputs, estimate.Free);
        string cure = advice is { } found
            ? $"{found.Cure.Title}: it needs {MemoryEstimate.Show(found.Estimate.Peak)} then."
            : "No setting makes it fit: use smaller models, shorter responses, or another machine.";
        yield return reading.ProblemAt(ErrorCodes.MemoryTooSmall, never ? ProblemSeverity.Error : ProblemSeverity.Warning, "student.model", never
            ? $"The run needs about {MemoryEstimate.Show(estimate.Peak)} and {where} has {MemoryEstimate.Show(estimate.Total)}, {MemoryEstimate.Show(estimate.Free)} of it free. {cure}"
            : $"The run needs about {MemoryEstimate.Show(estimate.Peak)}; of {MemoryEstimate.Show(estimate.Total)} in {where} {MemoryEstimate.Show(estimate.Free)} are free just now. Close what uses the rest, or: {cure}",
            advice?.Cure);
    }

    /// <summary>Is there room for the checkpoints where the run folder will be?</summary>
    public static IEnumerable<Problem> Disk(RecipeReading reading, ModelFacts student, string runsFolder)
    {
        Recipe recipe = reading.Recipe!;
        bool rounded = recipe.Checkpoint.Type == "bfloat16";
        // Beside the model a checkpoint holds what a resume needs: both moments of what is trained, and its weights where the model's are rounded. An adapter is small.
        long one = student.Config.ParameterCount * ((rounded ? 2 : 4) + (recipe.Student.Lora is null ? 8 + (rounded ? 4 : 0) : 0));
        long written = 1 + (recipe.Checkpoint.Every > 0 ? recipe.Steps / recipe.Checkpoint.Every : 0);
        // One more than is kept: the oldest goes only when the newest is complete. The best may be one of its own.
        long held = recipe.Checkpoint.Keep > 0 ? Math.Min(written, recipe.Checkpoint.Keep + 1 + (recipe.Checkpoint.KeepBest && recipe.Evaluate is not null ? 1 : 0)) : written;
        if (FreeBytes(runsFolder) is not { } free || held * one <= free) yield break;
        yield return reading.ProblemAt(ErrorCodes.DiskTooSmall, ProblemSeverity.Error, "checkpoint",
            $"{held} checkpoints of {MemoryEstimate.Show(one)} need {MemoryEstimate.Show(held * one)}; the disk of {runsFolder} has {MemoryEstimate.Show(free)} free. Keep fewer (checkpoint.keep), store bfloat16 (checkpoint.type), or put the runs on another disk.");
    }

    /// <summary>Free bytes of the disk that a folder lies on, or would lie on; null where the system does not tell, as for a network share on Windows.</summary>
    internal static long? FreeBytes(string folder)
    {
        string? there = Path.GetFullPath(folder);
        while (there is not null && !Directory.Exists(there)) there = Path.GetDirectoryName(there);
        // A drive letter names the disk on Windows; elsewhere any folder names the disk that it is mounted from.
        string? disk = there is null ? null : OperatingSystem.IsWindows() ? Path.GetPathRoot(there) : there;
        if (disk is null || disk.StartsWith(@"\\", StringComparison.Ordinal)) return null;
        try
        {
            return new DriveInfo(disk).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a disk that cannot be asked is found out about when the run folder is made
        }
    }
}
