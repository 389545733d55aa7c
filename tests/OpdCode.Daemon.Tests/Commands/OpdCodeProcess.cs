using System.Diagnostics;
using System.Text;

namespace OpdCode.Daemon.Tests.Commands;

/// <summary>The built executable in a process of its own, with the bytes of its pipes.</summary>
internal static class OpdCodeProcess
{
    /// <summary>Full path of the program, which `dotnet` starts.</summary>
    public static string Program => Path.Combine(AppContext.BaseDirectory, "opdcode.dll");

    /// <summary>Runs a command that must succeed.</summary>
    public static async Task Succeed(params string[] args)
    {
        (int code, _, string error) = await Run([], args);
        Assert.True(code == 0, error);
    }

    public static async Task<(int Code, byte[] Output, string Error)> Run(byte[] stdin, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardErrorEncoding = Encoding.UTF8, UseShellExecute = false,
        };
        start.ArgumentList.Add(Program);
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
