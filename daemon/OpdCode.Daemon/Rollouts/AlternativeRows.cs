using System.Collections;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>The most likely tokens at each place of a page, as the arrays that a run recorded: a long page has tens of thousands, and no object is made for each.</summary>
/// <param name="ids">Tokens. [T][K]</param>
/// <param name="texts">The tokens as texts; null where not recorded. [T][K]</param>
/// <param name="logprobs">Log-probabilities, nats; −∞ where impossible. [T][K]</param>
internal sealed class AlternativeRows(ReadOnlyMemory<int[]> ids, ReadOnlyMemory<string[]>? texts, ReadOnlyMemory<float[]> logprobs) : IReadOnlyList<IReadOnlyList<TokenAlternative>>
{
    /// <inheritdoc />
    public int Count => ids.Length;

    /// <inheritdoc />
    public IReadOnlyList<TokenAlternative> this[int index] =>
        [.. ids.Span[index].Select((id, k) => new TokenAlternative(id, Text(index, k), float.IsFinite(logprobs.Span[index][k]) ? logprobs.Span[index][k] : null))];

    /// <summary>Tokens of a place. [K]</summary>
    public ReadOnlySpan<int> Ids(int index) => ids.Span[index];

    /// <summary>Log-probabilities of a place. [K]</summary>
    public ReadOnlySpan<float> Logprobs(int index) => logprobs.Span[index];

    /// <summary>One of them as text; empty where not recorded.</summary>
    public string Text(int index, int k) => texts is { } known ? known.Span[index][k] : "";

    /// <inheritdoc />
    public IEnumerator<IReadOnlyList<TokenAlternative>> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
