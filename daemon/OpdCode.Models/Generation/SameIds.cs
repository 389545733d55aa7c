namespace OpdCode.Models.Generation;

/// <summary>Prompts are the same when their tokens are.</summary>
internal sealed class SameIds : IEqualityComparer<int[]>
{
    /// <inheritdoc/>
    public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

    /// <inheritdoc/>
    public int GetHashCode(int[] obj)
    {
        var hash = new HashCode();
        foreach (int id in obj) hash.Add(id);
        return hash.ToHashCode();
    }
}
