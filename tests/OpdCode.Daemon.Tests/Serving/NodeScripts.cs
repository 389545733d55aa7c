using System.Diagnostics;

namespace OpdCode.Daemon.Tests.Serving;

/// <summary>Runs scripts of tests/NAME with node; the packages that they use are installed once, under artifacts/.</summary>
internal static class NodeScripts
{
    private static readonly SemaphoreSlim s_one = new(1);

    /// <summary>Runs node in the folder; fails with what it printed when it does not end with 0.</summary>
    public static async Task<string> Run(string name, string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        string folder = Path.Combine(Root, "artifacts", "npm", name);
        await s_one.WaitAsync();
        try
        {
            await Install(Path.Combine(Root, "tests", name), folder);
        }
        finally
        {
            s_one.Release();
        }
        return await Start("node", folder, arguments, environment ?? new Dictionary<string, string>());
    }

    /// <summary>Absolute path of a file of tests/NAME.</summary>
    public static string Source(string name, string file) => Path.Combine(Root, "tests", name, file);

    private static async Task Install(string source, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(source, "*.mjs").Append(Path.Combine(source, "package.json")).Append(Path.Combine(source, "package-lock.json")))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        string lockFile = Path.Combine(source, "package-lock.json"), stamp = Path.Combine(folder, "installed.json");
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == await File.ReadAllTextAsync(lockFile)) return;
        await Start(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", folder, ["install", "--ignore-scripts", "--no-audit", "--no-fund"], new Dictionary<string, string>());
        File.Copy(lockFile, stamp, overwrite: true);
    }

    private static async Task<string> Start(string program, string folder, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await error}");
        return await output;
    }

    private static string Root
    {
        get
        {
            DirectoryInfo? up = new(AppContext.BaseDirectory);
            while (up is not null && !File.Exists(Path.Combine(up.FullName, "OpdCode.sln"))) up = up.Parent;
            return up!.FullName;
        }
    }
}
