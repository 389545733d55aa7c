using System.Diagnostics;
using System.Text;

namespace OpdCode.Daemon.Tests.Commands;

/// <summary>The built executable in a process of its own, with the bytes of its pipes.</summary>
internal static class OpdCodeProcess
{
    public static async Task<(int Code, byte[] Output, string Error)> Run(byte[] stdin, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardErrorEncoding = Encoding.UTF8, UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "opdcode.dll"));
        foreach (string argument in args) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        Task copied = process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.StandardInput.BaseStream.WriteAsync(stdin);
        process.StandardInput.Close();
        await copied;
        await process.WaitForExitAsync();
        return (process.ExitCode, output.ToArray(), await error);
    }
}
