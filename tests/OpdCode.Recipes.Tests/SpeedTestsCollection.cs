namespace OpdCode.Recipes.Tests;

/// <summary>Keeps other tests from running beside the timed ones.</summary>
[CollectionDefinition(nameof(SpeedTests), DisableParallelization = true)]
public sealed class SpeedTestsCollection;
