namespace OpdCode.Daemon.Bench;

/// <summary>A part of <c>opdcode bench</c>: one name on the command line, one or more lines of results.</summary>
internal interface IBenchmark
{
    /// <summary>The name on the command line.</summary>
    string Name { get; }

    /// <summary>One line of help.</summary>
    string Description { get; }

    /// <summary>Measures; results come as they are ready.</summary>
    /// <param name="setting">What the user chose.</param>
    /// <param name="machine">The machine's rates, for ceilings.</param>
    /// <param name="cancel">Checked between runs.</param>
    IEnumerable<BenchResult> Measure(BenchSetting setting, BenchMachine machine, CancellationToken cancel);
}
