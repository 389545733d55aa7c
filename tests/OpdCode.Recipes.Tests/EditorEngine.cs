using System.Diagnostics;

namespace OpdCode.Recipes.Tests;

/// <summary>Runs scripts against the JSON engine of VS Code, installed once under artifacts/.</summary>
internal static class EditorEngine
{
    private static readonly string s_source = Path.Combine(Repository.Root, "tests", "OpdCode.Recipes.Tests", "editor");
    private static readonly string s_folder = Path.Combine(Repository.Root, "artifacts", "npm", "recipe-schema");
    // Once for all tests of a process: copying again would pull a script away under a test that is reading it.
    private static readonly Lazy<Task> s_installed = new(InstallAsync);

    /// <summary>Runs node in the folder of the scripts; fails with what it printed when it does not end with 0.</summary>
    public static async Task<string> RunAsync(string[] arguments, string input)
    {
        await s_installed.Value;
        return await RunAsync("node", arguments, input);
    }

    private static async Task InstallAsync()
    {
        Directory.CreateDirectory(s_folder);
        string lockFile = Path.Combine(s_source, "package-lock.json");
        string stamp = Path.Combine(s_folder, "installed.json");
        foreach (string file in Directory.GetFiles(s_source)) File.Copy(file, Path.Combine(s_folder, Path.GetFileName(file)), overwrite: true);
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == await File.ReadAllTextAsync(lockFile)) return;
        await RunAsync(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], "");
        File.Copy(lockFile, stamp, overwrite: true);
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string input)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = s_folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["RECIPE_SCHEMA"] = Schema.RecipeSchemaTests.File;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await error}");
        return await output;
    }
}
