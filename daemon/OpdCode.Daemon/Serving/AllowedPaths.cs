using System.Collections.Concurrent;
using System.Reflection;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// The folders and files that a client may name. A path counts for where it leads: links are followed, in every part of
/// it, before it is compared.
/// </summary>
internal sealed class AllowedPaths
{
    private const int MostLinks = 40;
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> s_paths = new();
    private static readonly StringComparison s_comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
    private readonly string[] _roots;

    /// <summary>Allows these and everything below them.</summary>
    /// <param name="roots">Absolute paths; they need not exist.</param>
    public AllowedPaths(IEnumerable<string> roots) => _roots = [.. roots.Select(Canonical).Distinct()];

    /// <summary>Checks every member of a record that is a path of the client (<see cref="ClientPathAttribute"/>).</summary>
    /// <exception cref="OpdException">OPD4002 or OPD4003, see <see cref="Require"/>.</exception>
    public void RequireAll(object parameters)
    {
        foreach (PropertyInfo property in s_paths.GetOrAdd(parameters.GetType(), t => [.. t.GetProperties().Where(p => p.IsDefined(typeof(ClientPathAttribute)))]))
            if (property.GetValue(parameters) is string path) Require(path);
    }

    /// <summary>Refuses a path that leads elsewhere.</summary>
    /// <param name="path">What the client sent.</param>
    /// <returns>Where it leads.</returns>
    /// <exception cref="OpdException">OPD4002: it is no absolute path. OPD4003: it leads out of what was opened or chosen.</exception>
    public string Require(string path)
    {
        if (path.Length > 32_000 || path.Contains('\0', StringComparison.Ordinal) || !Path.IsPathFullyQualified(path) || IsDevice(path))
            throw new OpdException(ErrorCodes.RequestInvalid, $"\"{(path.Length > 200 ? path[..200] : path).Replace('\0', '?')}\" is not an absolute path of a file or folder.");
        string canonical = Canonical(path);
        return Array.Exists(_roots, root => IsIn(canonical, root)) ? canonical
            : throw new OpdException(ErrorCodes.PathNotAllowed, $"{path} is outside of what is open ({string.Join(", ", _roots)}). Open its folder, or choose it in a dialog or in the settings.");
    }

    private static bool IsIn(string path, string root) => path.StartsWith(root, s_comparison)
        && (path.Length == root.Length || Path.EndsInDirectorySeparator(root) || path[root.Length] == Path.DirectorySeparatorChar);

    // Windows only: \\.\ and \\?\ names, and streams beside a file's contents (a colon after the drive's).
    private static bool IsDevice(string path) => OperatingSystem.IsWindows()
        && (path.StartsWith(@"\\.", StringComparison.Ordinal) || path.StartsWith(@"\\?", StringComparison.Ordinal) || path.IndexOf(':', Math.Min(2, path.Length)) >= 0);

    /// <summary>The path with every link in it followed; what does not exist stays as it is written.</summary>
    internal static string Canonical(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        int links = 0;
        string root = Path.GetPathRoot(full)!, at = root;
        var rest = new Stack<string>(Parts(full[root.Length..]).Reverse());
        while (rest.TryPop(out string? part))
        {
            string next = Path.Combine(at, part);
            if (LinkTarget(next) is not { } target)
            {
                at = next;
                continue;
            }
            if (++links > MostLinks) throw new OpdException(ErrorCodes.PathNotAllowed, $"{path} leads over more than {MostLinks} links.");
            string led = Path.GetFullPath(target, at);
            at = root = Path.GetPathRoot(led)!;
            foreach (string back in Parts(led[root.Length..]).Reverse()) rest.Push(back);
        }
        return at;
    }

    private static string[] Parts(string path) => path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);

    private static string? LinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget; // of folders and junctions as well
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null; // cannot be read, so it cannot be followed either
        }
    }
}
