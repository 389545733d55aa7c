namespace OpdCode.Protocol;

/// <summary>One number a token.</summary>
public sealed record TokenColumn
{
    /// <summary>The name, see <see cref="TokenFeedback.Columns"/>.</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required MetricDescription Label { get; init; }

    /// <summary>The values; null where one is not a finite number. [T]</summary>
    public required IReadOnlyList<double?> Values { get; init; }

    /// <summary>True when both sides of <see cref="Neutral"/> carry meaning; where not, levels are 0 to 3.</summary>
    public required bool HasSign { get; init; }

    /// <summary>The value that says nothing: 1 for weights, 0 for most others. Levels are distances from it.</summary>
    public required double Neutral { get; init; }

    /// <summary>The distances from <see cref="Neutral"/> at which levels 1, 2 and 3 of the colour scale begin, the same for all rollouts of the run.</summary>
    public required IReadOnlyList<double> Thresholds { get; init; }

    /// <summary>The same from the tokens of this rollout alone.</summary>
    public required IReadOnlyList<double> SampleThresholds { get; init; }

    /// <summary>The level of each token under <see cref="Thresholds"/>: -3 to 3, 0 is neutral. [T]</summary>
    public required IReadOnlyList<int> Levels { get; init; }

    /// <summary>The level of each token under <see cref="SampleThresholds"/>. [T]</summary>
    public required IReadOnlyList<int> SampleLevels { get; init; }

    /// <summary>The level over the whole word that the token is part of, by the mean, under <see cref="Thresholds"/>. [T]</summary>
    public required IReadOnlyList<int> WordLevels { get; init; }

    /// <summary>The same over the line. [T]</summary>
    public required IReadOnlyList<int> LineLevels { get; init; }
}
