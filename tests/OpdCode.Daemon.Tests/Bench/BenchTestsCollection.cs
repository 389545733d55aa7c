namespace OpdCode.Daemon.Tests.Bench;

/// <summary>Memory belongs to the whole process: what watches it runs while nothing else does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class BenchTestsCollection
{
    public const string Name = "benchmarks";
}
