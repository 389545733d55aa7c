namespace OpdCode.Protocol.Tests;

/// <summary>The working copy that the tests run in.</summary>
internal static class Repository
{
    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = Find();

    /// <summary>True when committed files shall be written anew instead of compared (OPDCODE_UPDATE=1).</summary>
    public static bool Update { get; } = Environment.GetEnvironmentVariable("OPDCODE_UPDATE") == "1";

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OpdCode.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("The tests must run inside the working copy.");
    }
}
