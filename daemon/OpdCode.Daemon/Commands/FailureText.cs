using System.Globalization;
using System.Text;
using OpdCode.Distillation.Training;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Commands;

/// <summary>
/// What a user reads when a command fails: code and message. The stack of a failure that nobody foresaw goes to a file
/// that the message names; with OPDCODE_STACK=1 it follows the message as well.
/// </summary>
internal static class FailureText
{
    public static string Of(Exception failure) => failure switch
    {
        OpdException known => $"{known.Code} {known.Message}{Stack(known)}",
        _ when MemoryFailure.ExplainOutsideOfSteps(failure) is { } memory => $"{memory.Code} {memory.Message}{Stack(failure)}",
        FileNotFoundException or DirectoryNotFoundException => $"{ErrorCodes.FileNotFound} {FirstLine(failure)} Check the path.{Stack(failure)}",
        IOException or UnauthorizedAccessException =>
            $"{ErrorCodes.FileNotAccessible} {FirstLine(failure)} Check that you may use the file, that no other program holds it, and that the disk is not full.{Stack(failure)}",
        _ => $"{ErrorCodes.Unexpected} OpdCode failed in a way it should not: {failure.GetType().Name}: {FirstLine(failure)} {Log(failure)}{Stack(failure)}",
    };

    // libtorch puts a C++ stack below its first line.
    private static string FirstLine(Exception failure) => failure.Message.Split('\n', 2)[0].Trim();

    private static string Stack(Exception failure) =>
        Environment.GetEnvironmentVariable("OPDCODE_STACK") == "1" ? Environment.NewLine + failure : "";

    private static string Log(Exception failure)
    {
        string time = TimeProvider.System.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string file = Path.Combine(Path.GetTempPath(), $"opdcode-failure-{time}-{Environment.ProcessId}.txt");
        try
        {
            File.WriteAllText(file, $"{Environment.CommandLine}{Environment.NewLine}{failure}{Environment.NewLine}", new UTF8Encoding(false));
            return $"Details are in {file}; please report them.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "Set OPDCODE_STACK=1 and run it again to see the details, and please report them.";
        }
    }
}
