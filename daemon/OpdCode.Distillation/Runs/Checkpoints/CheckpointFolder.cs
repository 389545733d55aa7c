using System.Globalization;
using System.Text;
using OpdCode.Models.Weights;

namespace OpdCode.Distillation.Runs.Checkpoints;

/// <summary>
/// The <c>checkpoints</c> folder of a run: <c>checkpoint-N</c> for each step, all complete; <c>latest</c> and <c>best</c>
/// are files that hold the name of one of them.
/// </summary>
internal sealed class CheckpointFolder(string path)
{
    private const string Prefix = "checkpoint-";
    private const string Partial = ".partial";
    private const string Leaving = ".deleting";
    private const string Damaged = ".damaged";

    /// <summary>Full path of a step's checkpoint.</summary>
    public string PathOf(int step) => Path.Combine(path, NameOf(step));

    public static string NameOf(int step) => FormattableString.Invariant($"{Prefix}{step}");

    /// <summary>Steps with a checkpoint, newest first.</summary>
    public IReadOnlyList<int> Steps()
    {
        if (!Directory.Exists(path)) return [];
        return [.. Directory.EnumerateDirectories(path, Prefix + "*")
            .Select(p => Path.GetFileName(p)[Prefix.Length..])
            .Where(digits => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(digits => int.Parse(digits, CultureInfo.InvariantCulture))
            .OrderDescending()];
    }

    /// <summary>Lets a checkpoint appear: written aside by <paramref name="write"/>, then renamed; <c>latest</c> follows.</summary>
    public void Add(int step, Action<string> write)
    {
        string complete = PathOf(step), partial = complete + Partial;
        if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        try
        {
            write(partial);
        }
        catch
        {
            Remove(partial); // a full disk gets its room back, and the failure can be written down
            throw;
        }
        if (Directory.Exists(complete)) Drop(step);
        Directory.Move(partial, complete); // a checkpoint has its name only when it is complete
        Point("latest", step);
    }

    private static void Remove(string partial)
    {
        try
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The disk refuses this as well; what made the checkpoint fail is on its way to the user, and Tidy comes with the next resume.
        }
    }

    /// <summary>Writes the file <c>latest</c> or <c>best</c>.</summary>
    public void Point(string name, int step)
    {
        using var file = new WholeFile();
        file.Write(Path.Combine(path, name), stream => stream.Write(Encoding.UTF8.GetBytes(NameOf(step) + "\n")));
        file.Commit();
    }

    /// <summary>Removes a pointer file that would point at nothing.</summary>
    public void Unpoint(string name)
    {
        if (Directory.Exists(path)) File.Delete(Path.Combine(path, name));
    }

    /// <summary>Removes a checkpoint: it loses its name before it loses files.</summary>
    public void Drop(int step)
    {
        string leaving = PathOf(step) + Leaving;
        if (Directory.Exists(leaving)) Directory.Delete(leaving, recursive: true);
        Directory.Move(PathOf(step), leaving);
        Directory.Delete(leaving, recursive: true);
    }

    /// <summary>Renames a checkpoint that must not be used; it stays for whoever wants to look.</summary>
    public void SetAside(int step)
    {
        string aside = PathOf(step) + Damaged;
        if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
        Directory.Move(PathOf(step), aside);
    }

    /// <summary>Removes what a killed process left half-written or half-deleted.</summary>
    public void Tidy()
    {
        if (!Directory.Exists(path)) return;
        foreach (string left in Directory.EnumerateDirectories(path).Where(p => p.EndsWith(Partial, StringComparison.Ordinal) || p.EndsWith(Leaving, StringComparison.Ordinal)).ToArray())
            Directory.Delete(left, recursive: true);
        foreach (string left in Directory.EnumerateFiles(path, "*" + Partial).ToArray()) File.Delete(left);
    }
}
