using System.Diagnostics;
using System.Globalization;

namespace OpdCode.Daemon.Bench;

/// <summary>Runs a part of a benchmark in a process of its own: peak memory is a property of a process.</summary>
internal static class PartProcess
{
    /// <summary>Starts this executable again and returns what it printed.</summary>
    public static string Run(IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(typeof(PartProcess).Assembly.Location);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"The measurement '{string.Join(' ', start.ArgumentList)}' ended with exit code {process.ExitCode}.");
    }

    /// <summary>Peak memory of one side of a case above model and input, measured in a new process.</summary>
    public static long PeakBytes(string caseName, BenchSide side, BenchSetting setting)
    {
        List<string> arguments = ["bench", "part", caseName, side.ToString()];
        if (setting.Model is not null) arguments.AddRange(["--model", setting.Model]);
        if (setting.Shape is not null) arguments.AddRange(["--shape", setting.Shape.ToString()]);
        return long.Parse(Run(arguments), CultureInfo.InvariantCulture);
    }

    /// <summary>What that process does.</summary>
    public static long MeasurePeakBytes(string caseName, BenchSide side, BenchSetting setting)
    {
        Func<BenchSetting, BenchCase> create = Benchmarks.All.OfType<CaseBenchmark>().SelectMany(b => b.Cases).First(c => c.Key == caseName).Value;
        using BenchCase one = create(setting);
        one.WarmUp(side);
        using PeakMemory peak = new();
        one.Run(side);
        return peak.ExtraBytes();
    }
}
